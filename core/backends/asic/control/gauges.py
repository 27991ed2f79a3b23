"""What a board measures: which requests it takes, and the numbers that the replies mean."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

from stampmill.core.backends.asic.control.requests import Request


class SensorFault(Enum):
    """Why there is no number."""

    NO_ANSWER = "no answer"
    OPEN_DIODE = "diode not connected"
    SHORTED_DIODE = "diode shorted"
    IMPOSSIBLE = "impossible value"


class Kind(Enum):
    """How the thermal rules judge a gauge."""

    CHIP = "chip"
    """Degrees Celsius at the chip."""
    FAN = "fan"
    """Turns per minute."""
    REGULATOR = "regulator"
    """Its status word."""
    NOTE = "note"
    """Only shown."""


Decode = Callable[[Sequence[bytes]], float | SensorFault]
"""From the data of the replies, in the requests' order."""


@dataclass(frozen=True, slots=True)
class Gauge:
    """One measured number."""

    name: str
    kind: Kind
    requests: tuple[Request, ...]
    decode: Decode


@dataclass(frozen=True, slots=True)
class Sample:
    """What a gauge showed."""

    name: str
    kind: Kind
    value: float | SensorFault


def sample(gauge: Gauge, answers: Sequence[bytes | None]) -> Sample:
    """Return what a gauge shows; a missing answer is a fault, never a number."""
    if any(answer is None for answer in answers):
        return Sample(gauge.name, gauge.kind, SensorFault.NO_ANSWER)
    try:
        value = gauge.decode([answer for answer in answers if answer is not None])
    except (IndexError, ValueError):
        value = SensorFault.IMPOSSIBLE
    return Sample(gauge.name, gauge.kind, value)
