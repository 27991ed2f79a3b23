"""Figures that several surfaces derive from a snapshot, each in one place."""

from stampmill.core.job_source import SourceState
from stampmill.core.snapshot import DeviceSnapshot, PoolStanding, Quantity, Shares, Snapshot

DIFFICULTY_1_HASHES = 2**32
"""Hashes to one share of difficulty 1, on average."""


def percent(part: float, whole: float) -> float:
    """Return a part in per cent, and nothing of nothing."""
    return 100.0 * part / whole if whole > 0 else 0.0


def judged(shares: Shares) -> float:
    """Return the difficulty that pools have judged."""
    return shares.accepted_difficulty + shares.rejected_difficulty + shares.stale_difficulty


def unix_time(shot: Snapshot, seconds_ago: float | None) -> int:
    """Return when something was in whole seconds since 1970, 0 for never."""
    return 0 if seconds_ago is None else int(shot.time - seconds_ago)


def is_connected(pool: PoolStanding) -> bool:
    """Tell whether a pool has let us in."""
    return pool.status.state in {SourceState.CONNECTED, SourceState.AUTHORIZED}


def host_and_port(url: str) -> tuple[str, int]:
    """Return both of a pool's URL; of one without a port, port 0."""
    place = url.rpartition("://")[2].rpartition("@")[2].partition("/")[0]
    host, _, port = place.rpartition(":")
    return (host.strip("[]"), int(port)) if port.isdecimal() and host else (place, 0)


def total_shares(shot: Snapshot) -> Shares:
    """Return the shares of all pools together, as far as their difficulties go."""
    each = [pool.shares for pool in shot.pools]
    return Shares(
        accepted=shot.accepted,
        rejected=shot.rejected,
        stale=shot.stale,
        accepted_difficulty=sum(shares.accepted_difficulty for shares in each),
        rejected_difficulty=sum(shares.rejected_difficulty for shares in each),
        stale_difficulty=sum(shares.stale_difficulty for shares in each),
        last_difficulty=latest.last_difficulty if (latest := last_accepted(shot)) else 0.0,
    )


def last_accepted(shot: Snapshot) -> Shares | None:
    """Return the shares of the pool that accepted one last."""
    some = [pool.shares for pool in shot.pools if pool.shares.seconds_since_accepted is not None]
    return min(some, key=lambda shares: shares.seconds_since_accepted or 0.0, default=None)


def hardware_percent(errors: int, nonces: int) -> float:
    """Return the part of a device's reports that a recomputation denied."""
    return percent(errors, errors + nonces)


def temperature(device: DeviceSnapshot) -> float:
    """Return the highest temperature of a device in degrees Celsius, 0 if none is known."""
    return max(readings(device, Quantity.TEMPERATURE), default=0.0)


def readings(device: DeviceSnapshot, quantity: Quantity) -> list[float]:
    """Return what all sensors of one kind say."""
    return [sensor.value for sensor in device.sensors if sensor.quantity is quantity]


def expected_rate(shot: Snapshot) -> float:
    """Return what boards should do, and of other devices the best that they have shown."""
    return sum(
        device.board.expected if device.board else _best_shown(device)
        for device in shot.devices
        if device.enabled
    )


def _best_shown(device: DeviceSnapshot) -> float:
    return max(device.rates.minutes_15, device.rates.average)


def diff_1_work(device: DeviceSnapshot) -> float:
    """Return the shares of difficulty 1 that a device's hashes are worth."""
    return device.hashes / DIFFICULTY_1_HASHES
