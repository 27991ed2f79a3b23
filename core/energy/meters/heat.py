"""How hot the CPU is, as Linux shows it under /sys/class/hwmon and /sys/class/thermal.

Documentation/hwmon/sysfs-interface in its sources: temperatures are thousandths of a degree.
"""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

HWMON = Path("/sys/class/hwmon")
THERMAL = Path("/sys/class/thermal")
_CHIPS = {"coretemp", "k10temp", "zenpower", "cpu_thermal"}
_ZONES = {"x86_pkg_temp", "cpu-thermal", "cpu_thermal", "soc_thermal", "soc-thermal"}


def read(hwmon: Path = HWMON, thermal: Path = THERMAL) -> float | None:
    """Return the hottest reading of the CPU in degrees Celsius, or None if there is none."""
    return max([*_of_chips(hwmon), *_of_zones(thermal)], default=None)


def _of_chips(folder: Path) -> Iterator[float]:
    for chip in folder.glob("hwmon*"):
        if _text(chip / "name") in _CHIPS:
            yield from _celsius(chip.glob("temp*_input"))


def _of_zones(folder: Path) -> Iterator[float]:
    for zone in folder.glob("thermal_zone*"):
        if _text(zone / "type") in _ZONES:
            yield from _celsius([zone / "temp"])


def _celsius(files: Iterator[Path] | list[Path]) -> Iterator[float]:
    for file in files:
        with suppress(ValueError):
            yield int(_text(file)) / 1000


def _text(file: Path) -> str:
    with suppress(OSError, UnicodeDecodeError):
        return file.read_text(encoding="ascii").strip()
    return ""
