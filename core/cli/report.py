"""The end of a run: a summary for people, one JSON object for programs."""

from collections.abc import Sequence
from typing import Any

from stampmill.core.cli.boards import board_json, board_lines
from stampmill.core.cli.energy_lines import energy_json, energy_line
from stampmill.core.job_source import SourceStatus
from stampmill.core.operate.alerts.finding import slug
from stampmill.core.operate.words import duration, hashrate, plural
from stampmill.core.snapshot import Alert, DeviceSnapshot, Latency, Snapshot

__all__ = (
    "as_json", "difficulty", "duration", "hashrate", "kinds_of", "milliseconds", "plural",
    "summary",
)  # fmt: skip


def summary(shot: Snapshot, blocks: int) -> str:
    """Return the closing lines of a run."""
    lines = [
        f"{shot.seconds:.1f} s at {hashrate(shot.rates.average)} ({shot.kernel})",
        f"  shares   {shot.accepted} accepted, {shot.rejected} rejected{_reasons(shot)}, "
        f"{shot.stale} stale, {shot.lost} lost, {shot.unanswered} unanswered",
        f"  devices  {shot.hardware_errors} hardware errors, {shot.duplicates} duplicates, "
        f"{shot.hashes:,} hashes",
        f"  jobs     {shot.jobs}, {shot.clean_jobs} clean, {shot.starved_jobs} without work; "
        f"{plural(blocks, 'block')} found",
        f"  latency  job switch {milliseconds(shot.job_switch)}, "
        f"share path {milliseconds(shot.share_path)}, pool {milliseconds(shot.pool_answer)}",
    ]
    if line := energy_line(shot):
        lines.append(f"  energy   {line}")
    for device in shot.devices:
        if device.board is not None:
            lines += board_lines(device.board, hashrate)
    return "\n".join([*lines, *_alert_lines(shot)])


def as_json(shot: Snapshot, blocks: int, pool: str) -> dict[str, Any]:
    """Return the object that `stampmill mine --json` prints. Rates are hashes per second."""
    return {
        "accepted": shot.accepted,
        "rejected": shot.rejected,
        "reject_reasons": dict(shot.reject_reasons),
        "stale": shot.stale,
        "lost": shot.lost,
        "unanswered": shot.unanswered,
        "duplicates": shot.duplicates,
        "hardware_errors": shot.hardware_errors,
        "below_share": shot.below_share,
        "blocks": blocks,
        "hashes": shot.hashes,
        "hashrate": shot.rates.average,
        "seconds": shot.seconds,
        "kernel": shot.kernel,
        "paused": shot.paused or None,
        "pool": pool,
        "user": shot.source.user,
        "accepted_difficulty": shot.accepted_difficulty,
        "best_difficulty": shot.best_difficulty,
        "jobs": shot.jobs,
        "clean_jobs": shot.clean_jobs,
        "starved_jobs": shot.starved_jobs,
        "reconnects": shot.source.reconnects,
        "dropped": dict(shot.source.dropped),
        "connection_faults": dict(shot.source.faults),
        "other_pools": [_pool(other) for other in shot.source.others],
        "devices": [_device(device) for device in shot.devices],
        "alerts": _alerts(shot),
        **energy_json(shot),
        "latency_seconds": {
            "job_switch": _percentiles(shot.job_switch),
            "share_path": _percentiles(shot.share_path),
            "pool_answer": _percentiles(shot.pool_answer),
        },
    }  # fmt: skip


def kinds_of(alerts: Sequence[Alert]) -> list[str]:
    """Return what kinds of alerts these are, each once."""
    return list(dict.fromkeys(alert.kind.value for alert in alerts))


def difficulty(value: float) -> str:
    """Return a difficulty at four significant digits, without an exponent where people can read."""
    return f"{value:.4g}" if value < 10_000 else f"{value:,.0f}"


def milliseconds(latency: Latency) -> str:
    """Return median and 99th percentile in milliseconds."""
    if latency.p50 is None or latency.p99 is None:
        return "not measured"
    return f"p50 {latency.p50 * 1000:.2f} / p99 {latency.p99 * 1000:.2f} ms"


def _device(device: DeviceSnapshot) -> dict[str, Any]:
    said = {
        "name": device.name, "backend": device.backend, "hashes": device.hashes,
        "hashrate": device.rates.average,
    }  # fmt: skip
    return said if device.board is None else said | {"board": board_json(device.board)}


def _pool(status: SourceStatus) -> dict[str, Any]:
    return {
        "pool": status.url, "user": status.user, "state": status.state.value,
        "reconnects": status.reconnects, "dropped": dict(status.dropped),
        "connection_faults": dict(status.faults),
    }  # fmt: skip


def _alert_lines(shot: Snapshot) -> list[str]:
    """Return a line for each alert that was raised, whether it stands or not."""
    standing = {(alert.kind, alert.subject): alert for alert in shot.alerts}
    lines = []
    for kind, subject, times in shot.alerts_raised:
        alert = standing.get((kind, subject))
        state = f"stands: {alert.text}" if alert else "over"
        count = "" if times == 1 else f" {times} times"
        lines.append(f"  alert    {kind.value}{count}, {subject}: {state}")
    return lines


def _alerts(shot: Snapshot) -> list[dict[str, Any]]:
    standing = {(alert.kind, alert.subject): alert.text for alert in shot.alerts}
    return [
        {
            "kind": slug(kind), "subject": subject, "raised": times,
            "stands": (kind, subject) in standing, "text": standing.get((kind, subject)),
        }
        for kind, subject, times in shot.alerts_raised
    ]  # fmt: skip


def _reasons(shot: Snapshot) -> str:
    if not shot.reject_reasons:
        return ""
    return f" ({', '.join(f'{count} {reason}' for reason, count in shot.reject_reasons)})"


def _percentiles(latency: Latency) -> dict[str, float | int | None]:
    return {"count": latency.count, "p50": latency.p50, "p99": latency.p99}
