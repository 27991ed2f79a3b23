"""What the backend sees of a board, whatever chips and whatever power supply are on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, runtime_checkable

from stampmill.core.backends.base import BackendError
from stampmill.core.board_report import BoardReading, BoardTemperature
from stampmill.core.job import Work


class BoardError(BackendError):
    """A board does not do what it should: which board, what, and what may help."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a board is once it has been brought up.

    A nonce is reported if the hash begins with `zero_bits` zero bits and as many more as its ticket
    asks for; that can be no more than `max_ticket_bits`. `hashrate` is expected of the whole board.
    """

    kind: str
    chips: int
    hashrate: float
    zero_bits: int
    max_ticket_bits: int
    job_ids: tuple[int, ...]
    versions: int
    """How many versions of a header a job may cover."""
    mhz: float
    tells_chips: bool = True
    """Whether a nonce says which chip found it."""
    stops_at_nonce: bool = False
    """Whether it idles after a nonce, until the next job."""
    serial_number: str | None = None


class Found(NamedTuple):
    """A reply, taken apart. None: the device does not say.

    `nonce` is the header's number. `roll` is the version as the device counts it. `chip` is the
    place in the chain.
    """

    job_id: int | None
    nonce: int
    roll: int
    chip: int | None


class LineCounters(NamedTuple):
    """What was wrong on the line since the board was made."""

    discarded_bytes: int = 0
    damaged_frames: int = 0
    unexpected_replies: int = 0
    repeated_writes: int = 0
    late_replies: int = 0
    """Answers to a question of the bring-up that nobody waited for any more."""
    placeholder_nonces: int = 0
    """For the job that means nothing: chips of a long chain want one before they are set up."""
    nonces_during_bring_up: int = 0
    """Of earlier jobs; each is judged as any other, and counted there as well."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How far a board may be set: MHz, and volts where its core voltage is ours to set."""

    mhz: tuple[float, float]
    volts: tuple[float, float] | None = None
    usual_mhz: float = 0.0
    usual_volts: float | None = None


@runtime_checkable
class Settable(Protocol):
    """A board whose clock, and perhaps voltage, can be chosen."""

    def limits(self) -> Limits:
        """Return the limits of its chips and its kind; callable once it is up."""

    @property
    def volts(self) -> float | None:
        """The core voltage it was brought up at; None: not ours to set."""

    def set_point(self, mhz: float | None, volts: float | None) -> None:
        """Say what the next bring-up sets, None: what is usual; raise UsageError beyond limits."""

    def said(self) -> tuple[float | None, float | None]:
        """Return what the next bring-up sets."""


class Board(Protocol):
    """A board with its link. Its methods are called on the event loop, by one task at a time."""

    @property
    def name(self) -> str:
        """The path or URL that a user knows it by."""

    @property
    def cools(self) -> bool:
        """Whether `stop` takes the chips' power away, so that a long rest is worth it."""

    async def bring_up(self) -> Facts:
        """Open the link if need be and make the chips ready for jobs, whatever state they are in.

        Raise BoardError, PortGoneError, or NoDeviceError for what the user has to put right.
        """

    async def reset(self) -> None:
        """Take the chips through a reset, where the board has a line for it."""

    def set_ticket(self, bits: int) -> None:
        """Report only hashes with so many more zero bits from now on."""

    def repeat_settings(self) -> None:
        """Send ticket and version mask again with the next job: a write may have been lost."""

    def start(self, job_id: int, work: Work) -> None:
        """Hand a job to the line at once; raise PortGoneError."""

    def job_seconds(self, work: Work) -> float:
        """Return after how long the chips need the next job, to never run out of work."""

    def version(self, work: Work, found: Found) -> int | None:
        """Return the header version that a reply stands for; None: none of this work's."""

    async def hear(self) -> Sequence[Found]:
        """Return the next replies; raise PortGoneError."""

    async def retune(self, mhz: float) -> Facts:
        """Bring running chips to another frequency, in steps; raise UsageError beyond limits."""

    def temperatures(self) -> Sequence[BoardTemperature]:
        """Return the latest readings."""

    def readings(self) -> Sequence[BoardReading]:
        """Return what fans, voltages and power are, as read last."""

    def counters(self) -> LineCounters:
        """Return what was wrong on the line."""

    def notices(self) -> Sequence[str]:
        """Return what the user should know since it was asked last, as lines."""

    async def stop(self) -> None:
        """Leave the board cold, as far as it is ours to cool, and close the link."""
