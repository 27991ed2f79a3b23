"""What the CPU packages of this machine have used, as they count it themselves (RAPL).

Linux shows them under /sys/class/powercap (Documentation/power/powercap in its sources), since
2020 to root alone, for power can tell secrets (CVE-2020-8694). A package is whole: all its cores,
whoever uses them, at work or not.
"""

from contextlib import suppress
from pathlib import Path

POWERCAP = Path("/sys/class/powercap")
_PACKAGES = "*-rapl:[0-9]*"
ALLOW = "sudo chmod a+r /sys/class/powercap/*/energy_uj (until the next boot)"


def read(folder: Path = POWERCAP) -> dict[str, tuple[float, float]]:
    """Return joules and range of each package that can be read; none is an empty one."""
    found = {}
    for zone in _packages(folder):
        with suppress(OSError, ValueError):
            used, size = (
                int((zone / name).read_text(encoding="ascii")) / 1e6
                for name in ("energy_uj", "max_energy_range_uj")
            )
            found[zone.name] = (used, size)
    return found


def why_not(folder: Path = POWERCAP) -> str:
    """Return why nothing can be read, with the cure; an empty text if something can."""
    zones = _packages(folder)
    if not zones:
        return (
            f"the CPU's power is not known: nothing under {folder} (a virtual machine, or no such "
            "counter); say it with --power cpu=WATTS"
        )
    for zone in zones:
        try:
            int((zone / "energy_uj").read_text(encoding="ascii"))
            int((zone / "max_energy_range_uj").read_text(encoding="ascii"))
        except PermissionError:
            return (
                f"the CPU's power is not known: {zone}/energy_uj is for root alone; allow it by "
                f"{ALLOW}, or say the power with --power cpu=WATTS"
            )
        except (OSError, ValueError) as error:
            return f"the CPU's power is not known: {zone}: {error}; say it with --power cpu=WATTS"
    return ""


def _packages(folder: Path) -> list[Path]:
    """Return whole packages only: core and memory, with a second colon, are part of them."""
    return [zone for zone in sorted(folder.glob(_PACKAGES)) if zone.name.count(":") == 1]
