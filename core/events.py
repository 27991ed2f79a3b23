"""What a run tells its views, as it happens."""

from collections.abc import Callable
from dataclasses import dataclass

from stampmill.core.job import Job, Nonce, Share, ShareResult


@dataclass(frozen=True, slots=True)
class Notice:
    """A line for people; `lasting`: keep it in view, `about`: pool, device, miner or alert.

    `facts` are what programs want to know of it besides, by fixed keys.
    """

    text: str
    warning: bool = False
    lasting: bool = False
    about: str = "pool"
    facts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class JobArrived:
    """A job was given to the backends."""

    job: Job


@dataclass(frozen=True, slots=True)
class ShareAnswered:
    """A share found its end: accepted, rejected, stale, lost or unanswered."""

    share: Share
    result: ShareResult


@dataclass(frozen=True, slots=True)
class HardwareError:
    """A device reported a nonce that a recomputation denies."""

    nonce: Nonce


Event = Notice | JobArrived | ShareAnswered | HardwareError
Observer = Callable[[Event], None]
