import math

import msgspec
import pytest

from stampmill.core.job_source import FixedJobSource
from stampmill.core.operate.transfer import decode, encode
from tests.core.fakes import MemoryBackend
from tests.core.running import Run, a_source, some_accepted
from tests.core.snapshots import snapshot

from .cgminer.questions import world


def test_a_snapshot_comes_back_as_it_was() -> None:
    for shot in (world().run.shot, snapshot(), snapshot(job=None, devices=(), pools=())):
        assert decode(encode(shot)) == shot


def test_a_real_run_can_be_told_of() -> None:
    shot = Run(a_source(), MemoryBackend()).until(some_accepted)
    assert decode(encode(shot)).accepted == shot.accepted


def test_a_benchmark_without_finite_difficulties_can_be_told_of_too() -> None:
    shot = Run(FixedJobSource(), MemoryBackend()).until(lambda shot: shot.job is not None)
    assert shot.job is not None
    assert math.isinf(shot.job.difficulty)
    assert decode(encode(shot)).job is None


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"<html>", b'{"time":"x"}'])
def test_what_is_no_snapshot_is_refused(data: bytes) -> None:
    with pytest.raises(msgspec.MsgspecError):
        decode(data)
