"""Names of pools and devices that no two of them share."""

from collections import Counter

from stampmill.core.snapshot import Snapshot


def pool_labels(shot: Snapshot) -> list[str]:
    """Return a name for each pool: its URL, which holds no password."""
    return _distinct([pool.status.url or pool.status.name for pool in shot.pools])


def device_labels(shot: Snapshot) -> list[str]:
    """Return a name for each device: that which its backend gave it."""
    return _distinct([device.name for device in shot.devices])


def _distinct(names: list[str]) -> list[str]:
    """Return the names, those that come again with a number."""
    seen: Counter[str] = Counter()
    distinct = []
    for name in names:
        seen[name] += 1
        distinct.append(name if seen[name] == 1 else f"{name} #{seen[name]}")
    return distinct
