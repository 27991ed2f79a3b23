"""Feeds for backends under test: real headers, cut by the test."""

import asyncio
import threading
import time
from collections.abc import Callable

from stampmill.core.chain.header import Header
from stampmill.core.chain.known_headers import KNOWN_HEADERS
from stampmill.core.chain.target import MAX_TARGET
from stampmill.core.job import Job, Share, Work

GENESIS = Header.from_bytes(KNOWN_HEADERS[0][1])
EVERY_HASH = MAX_TARGET
NO_HASH = 0


class NoSink:
    def submit(self, share: Share) -> None:
        raise AssertionError("a backend submits nothing")


def genesis_job(received_at: float) -> Job:
    return Job(
        id="genesis", previous_hash=GENESIS.previous_hash, coinbase1=b"", coinbase2=b"",
        extranonce1=b"", extranonce2_size=4, merkle_branch=(), version=GENESIS.version,
        version_mask=0, nbits=GENESIS.nbits, ntime=GENESIS.ntime, clean=True, difficulty=1.0,
        share_target=0, network_target=0, received_at=received_at, sink=NoSink(),
    )  # fmt: skip


class RangeFeed:
    """Cuts one header's nonces [first, end) into pieces of what is asked for, then has none."""

    def __init__(
        self,
        first: int = 0,
        end: int = 1 << 32,
        target: int = NO_HASH,
        *,
        versions: tuple[int, ...] = (1,),
        received_at: float | None = None,
    ) -> None:
        self.received_at = time.monotonic() if received_at is None else received_at
        self.job = genesis_job(self.received_at)
        self.taken: list[Work] = []
        self.takers: set[int] = set()
        self._next, self._end = first, end
        self._target = target
        self._versions = versions
        self._changed = threading.Condition()

    def take(self, nonces: int, versions: int) -> Work | None:
        with self._changed:
            first, self._next = self._next, min(self._next + nonces, self._end)
            if first >= self._end:
                return None
            work = self._work(first, self._next, self._versions[:versions])
            self.taken.append(work)
            self.takers.add(threading.get_ident())
            self._changed.notify_all()
            return work

    def extend(self, end: int) -> None:
        """Have more work from now on."""
        with self._changed:
            self._next, self._end = self._end, end

    async def reaches(self, condition: Callable[["RangeFeed"], bool], seconds: float = 10) -> bool:
        """Wait until something is true of the feed, for so long at most; tell whether it is."""
        return await asyncio.to_thread(self._wait, condition, seconds)

    def _wait(self, condition: Callable[["RangeFeed"], bool], seconds: float) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: condition(self), seconds)

    def _work(self, first: int, end: int, versions: tuple[int, ...]) -> Work:
        return Work(
            self.job, b"", GENESIS.merkle_root, GENESIS.ntime, versions, first, end, self._target
        )
