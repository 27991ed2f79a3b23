"""What a machine does to a measurement beside it: clock, heat, battery, and its host."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_SYS, _PROC = Path("/sys"), Path("/proc")
_STOLEN = 0.01
"""From this share of a CPU's time on, what the host takes is worth a line."""
_SLOWER = 0.95
"""Below this share of its clock before, a CPU has slowed down."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """A moment's readings, None where the system shows none.

    `megahertz` is the CPU's clock, `celsius` the hottest zone. `throttled` counts how often heat
    lowered its clock; `stolen` and `total` are the CPU's ticks that the host of a virtual machine
    took, and all.
    """

    megahertz: float | None = None
    celsius: float | None = None
    throttled: int | None = None
    on_battery: bool | None = None
    stolen: int | None = None
    total: int | None = None


def read(cpu: int, sys: Path = _SYS, proc: Path = _PROC) -> Conditions:
    """Return what the system shows of a CPU now."""
    folder = sys / f"devices/system/cpu/cpu{cpu}"
    kilohertz = _number(folder / "cpufreq/scaling_cur_freq")
    stolen, total = _ticks(cpu, proc)
    return Conditions(
        megahertz=None if kilohertz is None else kilohertz / 1000,
        celsius=_hottest(sys / "class/thermal"),
        throttled=_sum(folder / "thermal_throttle"),
        on_battery=_on_battery(sys / "class/power_supply"),
        stolen=stolen,
        total=total,
    )


def doubts(before: Conditions, after: Conditions) -> Iterator[str]:
    """Yield why figures taken between the two are not to be trusted, a line each."""
    if after.on_battery:
        yield "this machine runs on battery: its clock is not what it could be"
    if before.throttled is not None and (after.throttled or 0) > before.throttled:
        yield f"heat lowered the CPU's clock {(after.throttled or 0) - before.throttled} times"
    elif before.megahertz and after.megahertz and after.megahertz < _SLOWER * before.megahertz:
        yield f"the clock fell from {before.megahertz:.0f} to {after.megahertz:.0f} MHz"
    share = stolen_share(before, after)
    if share is not None and share > _STOLEN:
        yield f"the host of this virtual machine took {share:.0%} of the CPU"


def stolen_share(before: Conditions, after: Conditions) -> float | None:
    """Return how much of the CPU's time between the two its host gave to others, or None."""
    if None in {before.stolen, before.total, after.stolen, after.total}:
        return None
    passed = (after.total or 0) - (before.total or 0)
    return ((after.stolen or 0) - (before.stolen or 0)) / passed if passed > 0 else None


def _ticks(cpu: int, proc: Path) -> tuple[int | None, int | None]:
    """Return steal and the sum of user to steal: fields of proc(5), /proc/stat."""
    with suppress(OSError):
        for line in (proc / "stat").read_text(encoding="ascii").splitlines():
            name, *fields = line.split()
            if name == f"cpu{cpu}":
                ticks = [int(field) for field in fields[:8]]
                return ticks[7], sum(ticks)
    return None, None


def _hottest(folder: Path) -> float | None:
    zones = [_number(path) for path in folder.glob("thermal_zone*/temp")]
    known = [zone / 1000 for zone in zones if zone is not None]
    return max(known, default=None)


def _sum(folder: Path) -> int | None:
    counts = [_number(folder / name) for name in ("core_throttle_count", "package_throttle_count")]
    known = [round(count) for count in counts if count is not None]
    return sum(known) if known else None


def _on_battery(folder: Path) -> bool | None:
    """Tell whether no mains is on; None for a machine that has no such thing."""
    kinds = {supply: _text(supply / "type") for supply in folder.glob("*")}
    mains = [supply for supply, kind in kinds.items() if kind in {"Mains", "USB"}]
    if "Battery" not in kinds.values() or not mains:
        return None
    return not any(_text(supply / "online") == "1" for supply in mains)


def _number(path: Path) -> float | None:
    with suppress(OSError, ValueError):
        return float(path.read_text(encoding="ascii"))
    return None


def _text(path: Path) -> str:
    with suppress(OSError):
        return path.read_text(encoding="utf-8").strip()
    return ""
