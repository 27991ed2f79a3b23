"""A snapshot on its way to another process: JSON and back."""

import math
from dataclasses import replace
from typing import Any

import msgspec

from stampmill.core.job_source import SourceStatus
from stampmill.core.snapshot import JobSnapshot, Snapshot


def encode(shot: Snapshot) -> bytes:
    """Return a snapshot as JSON, without a job whose difficulties are not finite (benchmarks)."""
    pools = tuple(replace(pool, status=_without_sink(pool.status)) for pool in shot.pools)
    job = shot.job if shot.job and _is_finite(shot.job) else None
    shown = replace(shot, source=_without_sink(shot.source), pools=pools, job=job)
    return msgspec.json.encode(shown)


def decode(data: bytes) -> Snapshot:
    """Return the snapshot that JSON stands for; raise msgspec.MsgspecError if it is none."""
    return msgspec.json.decode(data, type=Snapshot, dec_hook=_unknown)


def _is_finite(job: JobSnapshot) -> bool:
    return math.isfinite(job.difficulty) and math.isfinite(job.network_difficulty)


def _without_sink(status: SourceStatus) -> SourceStatus:
    others = tuple(_without_sink(other) for other in status.others)
    return replace(status, sink=None, others=others)


def _unknown(kind: type, _value: Any) -> Any:
    raise TypeError(f"a snapshot holds no {kind.__name__}")
