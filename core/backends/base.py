"""The one protocol of all backends, whatever they are made of."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from stampmill.core.board_report import BoardReport
from stampmill.core.errors import StampmillError
from stampmill.core.job import Nonce, Work


class BackendError(StampmillError):
    """A backend broke while it worked: what it raised, and on which device."""


class WorkFeed(Protocol):
    """An endless supply of work from one job; no two calls return the same piece."""

    @property
    def received_at(self) -> float:
        """Monotonic time in seconds at which the job's last byte was read."""

    def take(self, nonces: int, versions: int) -> Work | None:
        """Return a piece of at most so many nonces and versions, or None while all is used up.

        Callable from any thread; takes microseconds.
        """


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a backend can do. `ticket_difficulty` None: it reports just what is worth sending."""

    kernel: str
    devices: tuple[str, ...]
    max_versions: int = 1
    ticket_difficulty: float | None = None


@dataclass(frozen=True, slots=True)
class Telemetry:
    """What a backend measured: hashes by each device since it was opened, empty before."""

    hashes: dict[str, int]
    job_switches: tuple[float, ...] = ()
    """Seconds from a job's last byte to the last device working on it, since the last reading."""
    starved_jobs: int = 0
    """Jobs since the last reading that were replaced before every device had worked on them."""
    board: BoardReport | None = None
    """How the board does, for a backend that is one."""
    resting: frozenset[str] = frozenset()
    """The devices that a rule of the backend's own lets rest: somebody else needs them, say."""


class Backend(Protocol):
    """Takes work, reports nonces. Its methods are called on the event loop only."""

    @property
    def name(self) -> str:
        """The name in the table of backends."""

    async def open(self) -> None:
        """Make ready, self-test included; raise NoDeviceError or VerificationError."""

    def capabilities(self) -> Capabilities:
        """Return what it can do; callable once open."""

    def update(self, feed: WorkFeed) -> None:
        """Go over to new work soon; nonces of the old still count."""

    def replace(self, feed: WorkFeed) -> None:
        """Go over to new work now; the old is dead."""

    def idle(self) -> None:
        """Stop working until the next update or replace."""

    def nonces(self) -> AsyncIterator[Nonce]:
        """Yield what is found; ends when the backend is closed, raises if it breaks."""

    def telemetry(self) -> Telemetry:
        """Return the counters."""

    async def close(self) -> None:
        """Stop and free everything; nonces already found are still yielded."""
