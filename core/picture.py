"""Makes the snapshot of a run out of what its parts have counted."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from stampmill.core.backends.base import Backend
from stampmill.core.chain import coinbase, target
from stampmill.core.chain.header import display
from stampmill.core.devices import Devices
from stampmill.core.job import Job, ShareSink, Verdict
from stampmill.core.job_source import SourceStatus
from stampmill.core.snapshot import JobSnapshot, Latency, PoolStanding, Shares, Snapshot
from stampmill.core.stats import LatencyLog, PoolTally, Stats, Tally


def take(
    stats: Stats,
    devices: Devices,
    source: SourceStatus,
    job: Job | None,
    *,
    kernel: str,
    paused: str,
    resting: AbstractSet[Backend],
    held: AbstractSet[Backend],
    now: float,
    time: float,
) -> Snapshot:
    """Return everything known at a moment: `now` is monotonic, `time` counts from 1970."""
    seconds = now - devices.started
    rates = devices.total_rates(seconds)
    rate = rates.seconds_5 or rates.average
    statuses = sorted((source, *source.others), key=lambda status: status.number)
    hashes = target.expected_hashes(job.share_target) if job else 0.0
    return Snapshot(
        time=time,
        seconds=seconds,
        source=source,
        kernel=kernel,
        paused=paused,
        devices=devices.snapshots(
            seconds, lambda key: _shares(stats.devices.get(key), statuses, now), resting, held
        ),
        pools=_pools(stats, source, statuses, now),
        hashes=devices.total,
        rates=rates,
        job=_job(job, now) if job else None,
        job_id=job.id if job else None,
        job_difficulty=job.difficulty if job else None,
        network_difficulty=target.difficulty_of_target(job.network_target) if job else None,
        expected_share_seconds=hashes / rate if job and rate else None,
        jobs=stats.jobs,
        clean_jobs=stats.clean_jobs,
        starved_jobs=stats.starved_jobs,
        accepted=stats.accepted,
        rejected=stats.rejected,
        reject_reasons=tuple(sorted(stats.reject_reasons.items())),
        stale=stats.stale,
        lost=stats.lost,
        unanswered=stats.unanswered,
        duplicates=stats.duplicates,
        hardware_errors=stats.hardware_errors,
        below_share=stats.below_share,
        blocks=stats.blocks,
        accepted_difficulty=stats.accepted_difficulty,
        best_difficulty=stats.best_difficulty,
        seconds_since_accepted=_ago(stats.last_accepted_at, now),
        job_switch=_latency(stats.job_switch),
        share_path=_latency(stats.share_path),
        pool_answer=_latency(stats.pool_answer),
    )


def _job(job: Job, now: float) -> JobSnapshot:
    return JobSnapshot(
        id=job.id,
        clean=job.clean,
        difficulty=job.difficulty,
        network_difficulty=target.difficulty_of_target(job.network_target),
        height=coinbase.height_in(job.coinbase1),
        previous_hash=display(job.previous_hash),
        version=job.version,
        version_mask=job.version_mask,
        ntime=job.ntime,
        age=max(now - job.received_at, 0.0),
    )


def _pools(
    stats: Stats, source: SourceStatus, statuses: Sequence[SourceStatus], now: float
) -> tuple[PoolStanding, ...]:
    alone = len(statuses) == 1
    standings = []
    for status in statuses:
        tally = _tally(stats, status, alone=alone) or PoolTally()
        shares, answer = _shares(tally, statuses, now), _latency(tally.answers)
        standings.append(PoolStanding(status, status is source, shares, answer, tally.jobs))
    return tuple(standings)


def _tally(stats: Stats, status: SourceStatus, *, alone: bool) -> PoolTally | None:
    for sink, tally in stats.pools:
        if _is_of(status, sink) or (alone and status.sink is None):
            return tally
    return None


def _is_of(status: SourceStatus, sink: ShareSink) -> bool:
    return status.sink is not None and status.sink == sink


def _number(sink: ShareSink | None, statuses: Sequence[SourceStatus]) -> int | None:
    if sink is None:
        return None
    numbers = [status.number for status in statuses if len(statuses) == 1 or _is_of(status, sink)]
    return numbers[0] if numbers else None


def _shares(tally: Tally | None, statuses: Sequence[SourceStatus], now: float) -> Shares:
    if tally is None:
        return Shares()
    counts, difficulties = tally.counts, tally.difficulties
    return Shares(
        accepted=counts[Verdict.ACCEPTED],
        rejected=counts[Verdict.REJECTED],
        reject_reasons=tuple(sorted((why.value, count) for why, count in tally.reasons.items())),
        stale=counts[Verdict.STALE],
        lost=counts[Verdict.LOST],
        unanswered=counts[Verdict.UNANSWERED],
        accepted_difficulty=difficulties.get(Verdict.ACCEPTED, 0.0),
        rejected_difficulty=difficulties.get(Verdict.REJECTED, 0.0),
        stale_difficulty=difficulties.get(Verdict.STALE, 0.0),
        best_difficulty=tally.best_difficulty,
        last_difficulty=tally.last_difficulty,
        seconds_since_accepted=_ago(tally.last_accepted_at, now),
        last_pool=_number(tally.last_sink, statuses),
        blocks=tally.blocks,
        nonces=tally.nonces,
        hardware_errors=tally.hardware_errors,
        seconds_since_nonce=_ago(tally.last_nonce_at, now),
    )


def _ago(at: float | None, now: float) -> float | None:
    """Return how long ago that was; it may come after the end of a run, while draining."""
    return None if at is None else max(now - at, 0.0)


def _latency(log: LatencyLog) -> Latency:
    return Latency(log.count, log.percentile(50), log.percentile(99), log.total, tuple(log.buckets))
