"""Which accepted shares become blocks."""

from stampmill.core.chain.target import meets_target
from stampmill.pool.server.jobs import ServerJob


class BlockPolicy:
    """On a real network those that meet its target; on a test chain every n-th.

    On regtest every second hash would be a block, so there the share target alone decides which
    shares count, and this counts the shares. `every` 0 makes none. Two blocks are at least `pause`
    seconds apart: a block moves the chain's clock, which must not run away from the node's. Nor is
    one made in the flood of a new miner's first shares, all the rest of which it would kill.
    """

    def __init__(self, every: int, pause: float) -> None:
        self._every = every
        self._pause = pause
        self._waiting = 0
        self._latest: float | None = None
        self.put_off = 0
        """Shares that were due at a bad moment; the next is due again."""

    def wants(self, job: ServerJob, digest: bytes, now: float, *, calm: bool = True) -> bool:
        """Count an accepted share and tell whether to make a block of it.

        `now` is monotonic; `calm` tells that its miner's shares come at their usual rate.
        """
        solves = meets_target(digest, job.network_target)
        if not job.on_test_chain:
            return solves
        self._waiting += 1
        due = self._every > 0 and self._waiting >= self._every
        if not due or not solves:
            return False
        soon = self._latest is not None and now - self._latest < self._pause
        if soon or not calm:
            self.put_off += 1
            return False
        self._latest = now
        self._waiting = 0
        return True
