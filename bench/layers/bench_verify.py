"""From a job to work, and from a nonce to a share."""

import time
from typing import Any

from stampmill.core.job import Nonce, Work
from stampmill.core.job_source import FixedJobSource
from stampmill.core.verify import Finding, verify
from stampmill.core.work import ExtranonceCounter, WorkSpace

_EASY = (1 << 256) - 1
_BIP320_MASK = 0x1FFFE000


def space() -> WorkSpace:
    """Return a job's work, on which every nonce is a share."""
    job = FixedJobSource(_EASY, _BIP320_MASK).job()
    return WorkSpace(job, ExtranonceCounter(), time.monotonic)


def work() -> Work:
    """Return a piece of it."""
    made = space().take(1 << 16, 16, _EASY)
    assert made is not None
    return made


def test_nonce_is_verified(benchmark: Any) -> None:
    """Rebuild the header, hash it, judge the hash."""
    one = work()
    nonce = Nonce(one, one.first_nonce, one.versions[0], one.ntime, time.monotonic(), "bench")
    finding, share = benchmark(verify, nonce)
    assert finding is Finding.SHARE
    assert share is not None


def test_work_is_handed_out(benchmark: Any) -> None:
    """A piece of a job for one thread, 16 versions wide."""
    left = space()
    assert benchmark(left.take, 1 << 16, 16, _EASY) is not None
