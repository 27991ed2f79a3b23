"""Which accepted shares become blocks."""

from stampmill.core.chain.target import meets_target
from stampmill.pool.server.jobs import ServerJob


class BlockPolicy:
    """On a real network those that meet its target; on a test chain every n-th.

    On regtest every second hash would be a block, so there the share target alone decides which
    shares count, and this counts the shares. `every` 0 makes none. Two blocks are at least `pause`
    seconds apart: a block moves the chain's clock, which must not run away from the node's.
    """

    def __init__(self, every: int, pause: float) -> None:
        self._every = every
        self._pause = pause
        self._waiting = 0
        self._latest: float | None = None
        self.put_off = 0
        """Shares that were due and came too soon."""

    def wants(self, job: ServerJob, digest: bytes, now: float) -> bool:
        """Count an accepted share and tell whether to make a block of it; `now` is monotonic."""
        solves = meets_target(digest, job.network_target)
        if not job.on_test_chain:
            return solves
        self._waiting += 1
        due = self._every > 0 and self._waiting >= self._every
        if not due or not solves:
            return False
        if self._latest is not None and now - self._latest < self._pause:
            self.put_off += 1
            return False
        self._latest = now
        self._waiting = 0
        return True
