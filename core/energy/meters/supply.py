"""Whether this machine runs on a battery, as Linux shows it under /sys/class/power_supply.

Files and their values are described in Documentation/ABI/testing/sysfs-class-power.
"""

from dataclasses import dataclass
from pathlib import Path

SUPPLIES = Path("/sys/class/power_supply")
_MAINS = {"Mains", "USB", "Wireless"}


@dataclass(frozen=True, slots=True)
class Supply:
    """Where power comes from; None: not known, and `why_not` says why in one line."""

    on_battery: bool | None
    why_not: str = ""


def read(folder: Path = SUPPLIES) -> Supply:
    """Tell whether it comes from a battery: no line is plugged in, and a battery discharges."""
    try:
        supplies = sorted(folder.iterdir())
    except OSError as error:
        return Supply(None, f"{folder}: {error.strerror}")
    lines: list[str] = []
    batteries: list[str] = []
    troubles: list[str] = []
    for supply in supplies:
        try:
            kind = _text(supply, "type")
            if kind in _MAINS:
                lines.append(_text(supply, "online"))
            elif kind == "Battery" and _is_the_machines(supply):
                batteries.append(_text(supply, "status"))
        except OSError as error:
            troubles.append(f"{supply}: {error.strerror}")
        except UnicodeDecodeError:
            troubles.append(f"{supply}: no text")
    if troubles and not (lines or batteries):
        return Supply(None, "; ".join(troubles))
    # A line that is plugged in feeds the machine even where its battery is in use beside it.
    if any(line not in {"", "0"} for line in lines):
        return Supply(on_battery=False)
    if batteries:
        return Supply("Discharging" in batteries)
    if lines:
        return Supply(on_battery=True)
    return Supply(None, f"nothing under {folder} is a battery or a power line")


def _is_the_machines(supply: Path) -> bool:
    """Tell a battery of this machine from that of a mouse, whose scope is `Device`."""
    try:
        return _text(supply, "scope") != "Device"
    except OSError:
        return True


def _text(supply: Path, name: str) -> str:
    return (supply / name).read_text(encoding="ascii").strip()
