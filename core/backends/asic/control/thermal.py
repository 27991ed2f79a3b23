"""Thermal rules: how fast the fan turns, and when a board has to be switched off.

No clock and no port: times (monotonic seconds) and samples are passed in, verdicts come out. A
missing temperature is a fault, never cold.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from stampmill.core.backends.asic.control import tps546
from stampmill.core.backends.asic.control.gauges import Kind, Sample, SensorFault


@dataclass(frozen=True, slots=True)
class ThermalLimits:
    """Degrees Celsius, percent, seconds."""

    stop_at: float = 80.0
    possible_below: float = 120.0
    restart_below: float = 60.0
    """After an over-temperature stop."""
    bad_in_a_row: int = 3
    deaf_seconds: float = 0.5
    """After reset is released the diode reads nonsense."""
    interval: float = 2.0
    slow_at: float = 45.0
    full_at: float = 70.0
    slowest_fan: float = 35.0
    fan_hysteresis: float = 3.0
    """So far the temperature has to fall before the fan does."""


class FaultKind(Enum):
    """Why a board was stopped by its own rules."""

    OVERHEATED = "overheated"
    NO_TEMPERATURE = "no temperature"
    FAN_STOPPED = "fan stopped"
    REGULATOR = "regulator"


HEAT_FAULTS = frozenset((FaultKind.OVERHEATED, FaultKind.NO_TEMPERATURE))
"""After these a board has to show that it is cool before it is powered again."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Why the board has to be cold now, with a line for people."""

    kind: FaultKind
    text: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do: the fan's speed in percent, and whether to stop."""

    fan_percent: float
    fault: Fault | None = None


class ThermalRules:
    """Judges one reading after another. It starts with the fan at full speed."""

    def __init__(self, limits: ThermalLimits) -> None:
        self._limits = limits
        self._bad: dict[str, int] = {}
        self._deaf_until = 0.0
        self._fan_follows = limits.full_at
        self._stopped_hot = False
        self.temperature: float | None = None
        """The hottest of the last reading, None while there is none to trust."""

    def reset_released(self, now: float) -> None:
        """Ignore the chip's diode for a while."""
        self._deaf_until = now + self._limits.deaf_seconds

    def judge(self, samples: Iterable[Sample], now: float, *, powered: bool) -> Verdict:
        """Return what a reading means; `powered`: the core voltage is meant to be on."""
        samples = tuple(samples)
        self.temperature = self._hottest(samples, now)
        fault = self._regulator(samples, powered=powered) or self._counted(samples, now)
        if fault is not None:
            self._stopped_hot |= fault.kind in HEAT_FAULTS
            return Verdict(100.0, fault)
        return Verdict(self._fan())

    def too_hot_to_start(self) -> str:
        """Return why the board must not be powered yet, or nothing."""
        limit = self._limits.restart_below if self._stopped_hot else self._limits.stop_at
        if self.temperature is None:
            # Whether a diode can be read before there is core voltage, no data sheet tells: only a
            # board that was stopped, and has shown a temperature so, has to show one again.
            return f"no temperature: it is powered below {limit:.0f} degC" * self._stopped_hot
        if self.temperature < limit:
            return ""
        return f"still {self.temperature:.0f} degC: it is powered below {limit:.0f} degC"

    def was_hot(self) -> None:
        """Let the board cool down before it is powered: an earlier guardian stopped it."""
        self._stopped_hot = True

    def restarted(self) -> None:
        """Forget the faults of before: the board is being brought up anew."""
        self._bad.clear()
        self._stopped_hot = False

    def _regulator(self, samples: Iterable[Sample], *, powered: bool) -> Fault | None:
        words = [
            int(_number(sample))
            for sample in samples
            if sample.kind is Kind.REGULATOR and not _is_fault(sample)
        ]
        reasons = [text for word in words for text in tps546.fault_reasons(word)]
        if not reasons or not powered:
            return None
        return Fault(FaultKind.REGULATOR, f"regulator: {', '.join(reasons)}")

    def _counted(self, samples: Iterable[Sample], now: float) -> Fault | None:
        for sample in samples:
            bad = self._bad_now(sample, now)
            self._bad[sample.name] = self._bad.get(sample.name, 0) + 1 if bad else 0
            if bad and self._bad[sample.name] >= self._limits.bad_in_a_row:
                return bad
        return None

    def _bad_now(self, sample: Sample, now: float) -> Fault | None:
        match sample.kind:
            case Kind.CHIP if now >= self._deaf_until:
                return self._bad_temperature(sample)
            case Kind.FAN if _is_fault(sample) or _number(sample) <= 0:
                return Fault(FaultKind.FAN_STOPPED, f"{sample.name}: {_shown(sample, 'rpm')}")
            case Kind.REGULATOR if _is_fault(sample):
                return Fault(FaultKind.REGULATOR, f"{sample.name}: {_shown(sample)}")
        return None

    def _bad_temperature(self, sample: Sample) -> Fault | None:
        shown = f"{sample.name}: {_shown(sample, 'degC')}"
        if _is_fault(sample) or not 0 < _number(sample) <= self._limits.possible_below:
            return Fault(FaultKind.NO_TEMPERATURE, shown)
        if _number(sample) >= self._limits.stop_at:
            return Fault(FaultKind.OVERHEATED, f"{shown}, limit {self._limits.stop_at:.0f} degC")
        return None

    def _fan(self) -> float:
        """Return the speed: at once up, down only after the temperature has fallen enough."""
        if self.temperature is None:
            return 100.0
        lowest = self.temperature + self._limits.fan_hysteresis
        self._fan_follows = max(self.temperature, min(self._fan_follows, lowest))
        return fan_percent(self._fan_follows, self._limits)

    def _hottest(self, samples: tuple[Sample, ...], now: float) -> float | None:
        chips = [sample for sample in samples if sample.kind is Kind.CHIP]
        known = [_number(sample) for sample in chips if not self._unknown(sample)]
        all_known = now >= self._deaf_until and len(known) == len(chips)
        return max(known) if known and all_known else None

    def _unknown(self, sample: Sample) -> bool:
        return _is_fault(sample) or not 0 < _number(sample) <= self._limits.possible_below


def fan_percent(temperature: float, limits: ThermalLimits) -> float:
    """Return the speed for a temperature: a straight line between the slowest and full speed."""
    part = (temperature - limits.slow_at) / (limits.full_at - limits.slow_at)
    return limits.slowest_fan + (100 - limits.slowest_fan) * min(1.0, max(0.0, part))


def _is_fault(sample: Sample) -> bool:
    return isinstance(sample.value, SensorFault)


def _number(sample: Sample) -> float:
    return sample.value if not isinstance(sample.value, SensorFault) else float("nan")


def _shown(sample: Sample, unit: str = "") -> str:
    if isinstance(sample.value, SensorFault):
        return sample.value.value
    return f"{sample.value:.0f} {unit}".strip()
