"""How a board does, chip by chip: what it should, what it does, and what went wrong."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MeasuredRate:
    """Hashes per second, worked out from how many nonces came.

    With 95 % probability the true rate is between `low` and `high`.
    """

    rate: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class ChipReport:
    """One chip of a board. `index` is its place in the chain, None: not known which it was."""

    index: int | None
    expected: float
    measured: MeasuredRate
    nonces: int
    """Good ones, each counted once."""
    counts: tuple[tuple[str, int], ...]
    """Replies that were not good for anything, by named reason."""


@dataclass(frozen=True, slots=True)
class BoardReading:
    """What a board's sensor shows; `unit` is rpm, volts or watts."""

    unit: str
    place: str
    value: float


@dataclass(frozen=True, slots=True)
class BoardTemperature:
    """Degrees Celsius at a place. `stops_at`: there its guardian stops the board, if one does."""

    place: str
    celsius: float
    stops_at: float | None = None


@dataclass(frozen=True, slots=True)
class BoardReport:
    """One board. Rates are hashes per second."""

    name: str
    kind: str
    serial_number: str | None
    working: bool
    mhz: float
    ticket_difficulty: float
    expected: float
    measured: MeasuredRate
    chips: tuple[ChipReport, ...]
    temperatures: tuple[BoardTemperature, ...]
    line: tuple[tuple[str, int], ...]
    """What went wrong on the line and what was done about it, by name."""
    readings: tuple[BoardReading, ...] = ()
    """Of its fans, voltages and power."""
