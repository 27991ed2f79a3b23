"""A run that a test lets do what it wants, one look after another."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from stampmill.core.board_report import BoardReport, ChipReport, MeasuredRate
from stampmill.core.operate.alerts.finding import Finding, Rule, Step
from stampmill.core.snapshot import DeviceSnapshot, PoolStanding, Shares, Snapshot
from tests.core.snapshots import JOB, NO_LATENCY, SOURCE, snapshot

DIFFICULTY_1 = 2**32
RATE = 10.0 * DIFFICULTY_1
"""At difficulty 10 a share a second."""
NONE = MeasuredRate(0.0, 0.0, 0.0)
THREAD = DeviceSnapshot("cpu0", "cpu", 0, snapshot().rates, Shares(), "avx512")


def board(nonces: int, expected: float = RATE) -> BoardReport:
    """Return the report of a board with one chip."""
    chip = ChipReport(0, expected, NONE, nonces, ())
    return BoardReport("b", "bm1370", None, True, 500, 1.0, expected, NONE, (chip,), (), ())


def other(number: int) -> PoolStanding:
    """Return one more pool."""
    status = replace(SOURCE, url=f"stratum+tcp://b:{number}", number=number)
    return PoolStanding(status, active=False, shares=Shares(), answer=NO_LATENCY)


class Run:
    """The snapshots of a run, and what a rule says of them."""

    def __init__(self, rule: Rule, **changed: Any) -> None:
        self.rule = rule
        standing = PoolStanding(SOURCE, active=True, shares=Shares(), answer=NO_LATENCY)
        job = replace(JOB, difficulty=10.0, network_difficulty=1e12)
        fields: dict[str, Any] = {
            "seconds": 0.0, "hashes": 0, "accepted": 0, "rejected": 0, "stale": 0,
            "devices": (THREAD,), "pools": (standing,), "job": job, "jobs": 1,
            "job_difficulty": 10.0, "network_difficulty": 1e12,
        }  # fmt: skip
        self.shot = snapshot(**(fields | changed))

    def goes(self, seconds: float, rate: float = RATE, **changed: Any) -> Sequence[Finding]:
        """Let so many seconds pass, a look each; what is changed holds from the first on."""
        said: Sequence[Finding] = ()
        for _ in range(round(seconds)):
            said = self.looks(1.0, rate, **changed)
            changed = {}
        return said

    def looks(self, seconds: float, rate: float = RATE, **changed: Any) -> Sequence[Finding]:
        """Let some time pass, and look once."""
        before, hashes = self.shot, round(rate * seconds)
        devices = tuple(replace(device, hashes=device.hashes + hashes) for device in before.devices)
        moved: dict[str, Any] = {
            "seconds": before.seconds + seconds, "time": before.time + seconds,
            "hashes": before.hashes + hashes, "devices": devices,
        }  # fmt: skip
        self.shot = replace(before, **(moved | changed))
        return self.rule.look(Step(before, self.shot))

    def device(self, **changed: Any) -> tuple[DeviceSnapshot, ...]:
        """Return the devices, the first one changed."""
        first, *others = self.shot.devices
        return (replace(first, **changed), *others)

    def shares(self, **counts: Any) -> tuple[PoolStanding, ...]:
        """Return the pools, the shares of the first one changed."""
        first, *others = self.shot.pools
        return (replace(first, shares=replace(first.shares, **counts)), *others)


def texts(findings: Sequence[Finding]) -> list[str]:
    """Return what they say."""
    return [finding.text for finding in findings]


__all__ = ("RATE", "THREAD", "Run", "Snapshot", "board", "other", "texts")
