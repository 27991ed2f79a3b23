"""Rates in what other miners print, in hashes per second: a line in, a rate out.

| miner | line |
| --- | --- |
| cpuminer-opt | `Total: 5.24 MH, 38.52 MH/s, 45C` |
| pooler's cpuminer | `Total: 13337 khash/s`, or `thread 0: 2097152 hashes, 13337 khash/s` |
| cgminer | `(5s):38.52M (avg):38.10Mh/s | A:0 R:0 HW:0 WU:0.5/m` |
| bfgminer | `20s:38.52 avg:38.10 u: 0.00 Mh/s | A:0 R:0+0(none) HW:0/none` |
| hashcat | `1:1400:1695:5000:50.42:5032700000`, a line for each device |
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

_UNITS = {"": 1.0, "k": 1e3, "m": 1e6, "g": 1e9, "t": 1e12, "p": 1e15, "e": 1e18}
_COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_NUMBER = r"(\d+(?:\.\d+)?)"
_TOTAL = re.compile(rf"Total: {_NUMBER} ([kMGTPE]?)H, {_NUMBER} ([kMGTPE]?)H/s")
_POOLER_TOTAL = re.compile(rf"Total: {_NUMBER} khash/s")
_POOLER_THREAD = re.compile(rf"thread (\d+): \d+ hashes, {_NUMBER} khash/s")
_CGMINER = re.compile(rf"\(\d+s\):\S+ .*\(avg\):{_NUMBER}([kMGTPE]?)h/s")
_BFGMINER = re.compile(rf"\d+s:\s*\S+ avg:\s*{_NUMBER} u:\s*\S+ ([kMGTPE]?)h/s")
_HASHCAT = re.compile(r"(\d+):1400:-?\d+:-?\d+:\d+\.\d+:(\d+)")


class Miner(Enum):
    """Whose output it is."""

    CPUMINER_OPT = "cpuminer-opt"
    POOLER = "pooler's cpuminer"
    CGMINER = "cgminer"
    BFGMINER = "bfgminer"
    HASHCAT = "hashcat"


@dataclass(frozen=True, slots=True)
class Report:
    """A rate that a line tells: of everything, or of one `part`, to be added to the others."""

    miner: Miner
    hashes_per_second: float
    part: str = ""


def read(line: str) -> Report | None:
    """Return what a line tells, or None."""
    clean = _COLOURS.sub("", line).strip()
    for reader in _READERS:
        if (report := reader(clean)) is not None:
            return report
    return None


def latest(lines: Sequence[str]) -> Report | None:
    """Return the last total, or else the sum of the last words of each part."""
    reports = [report for line in lines if (report := read(line)) is not None]
    totals = [report for report in reports if not report.part]
    if totals:
        return totals[-1]
    parts = {report.part: report for report in reports}
    if not parts:
        return None
    total = sum(report.hashes_per_second for report in parts.values())
    return Report(reports[-1].miner, total)


def _cpuminer_opt(line: str) -> Report | None:
    found = _TOTAL.search(line)
    return found and Report(Miner.CPUMINER_OPT, _rate(found[3], found[4]))


def _pooler(line: str) -> Report | None:
    if found := _POOLER_TOTAL.search(line):
        return Report(Miner.POOLER, _rate(found[1], "k"))
    found = _POOLER_THREAD.search(line)
    return found and Report(Miner.POOLER, _rate(found[2], "k"), f"thread {found[1]}")


def _cgminer(line: str) -> Report | None:
    found = _CGMINER.search(line)
    return found and Report(Miner.CGMINER, _rate(found[1], found[2]))


def _bfgminer(line: str) -> Report | None:
    found = _BFGMINER.search(line)
    return found and Report(Miner.BFGMINER, _rate(found[1], found[2]))


def _hashcat(line: str) -> Report | None:
    """Read mode 1400 only: plain SHA-256, of which a double hash of a header takes two."""
    found = _HASHCAT.fullmatch(line)
    return found and Report(Miner.HASHCAT, float(found[2]), f"device {found[1]}")


def _rate(number: str, unit: str) -> float:
    return float(number) * _UNITS[unit.lower()]


_READERS: Sequence[Callable[[str], Report | None]] = (
    _cpuminer_opt, _pooler, _cgminer, _bfgminer, _hashcat,
)  # fmt: skip
