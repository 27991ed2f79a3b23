"""What the client's protocol tells its shell."""

from dataclasses import dataclass
from enum import Enum

from stampmill.core.job import Job, Share, ShareResult
from stampmill.pool.stratum.answers import SubscribeResult
from stampmill.pool.stratum.drops import Drop
from stampmill.pool.stratum.notifications import Reconnect


class ClientState(Enum):
    """How far a connection has come."""

    NEW = "new"
    SUBSCRIBING = "subscribing"
    AUTHORIZING = "authorizing"
    AUTHORIZED = "authorized"
    CLOSED = "closed"


class EndCause(Enum):
    """Why a connection is over."""

    PEER_CLOSED = "peer-closed"
    BROKEN_STREAM = "broken-stream"
    SUBSCRIBE_REFUSED = "subscribe-refused"
    SUBSCRIBE_UNANSWERED = "subscribe-unanswered"
    AUTHORIZE_REFUSED = "authorize-refused"
    AUTHORIZE_UNANSWERED = "authorize-unanswered"
    NOT_SUBSCRIBED = "not-subscribed"
    SILENT = "silent"
    SHARES_UNANSWERED = "shares-unanswered"
    PAYS_OTHERS = "pays-others"
    NOT_READING = "not-reading"
    REDIRECTED = "redirected"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class VersionRollingSettled:
    """The pool's word on version rolling; None: mine without it."""

    mask: int | None


@dataclass(frozen=True, slots=True)
class ExtensionRefused:
    """The pool does not grant what was asked for by name in `mining.configure`."""

    extension: str


@dataclass(frozen=True, slots=True)
class Subscribed:
    """Extranonces are known; `resumed` if they are those of the connection before."""

    result: SubscribeResult
    resumed: bool


@dataclass(frozen=True, slots=True)
class Authorized:
    """The pool takes the user's shares."""

    user: str


@dataclass(frozen=True, slots=True)
class JobReceived:
    """Work, with its true clean flag."""

    job: Job


@dataclass(frozen=True, slots=True)
class DifficultyChanged:
    """Another share difficulty, from the next job on."""

    difficulty: float


@dataclass(frozen=True, slots=True)
class ShareAnswered:
    """The fate of a share: one for each that was submitted."""

    share: Share
    result: ShareResult


@dataclass(frozen=True, slots=True)
class RedirectAsked:
    """The pool wants us to connect again, perhaps elsewhere; whether to do so is the shell's."""

    redirect: Reconnect


@dataclass(frozen=True, slots=True)
class MessageShown:
    """A line for the user, printable and short."""

    text: str


@dataclass(frozen=True, slots=True)
class Dropped:
    """Something unusable was thrown away and counted."""

    drop: Drop
    text: str


@dataclass(frozen=True, slots=True)
class Ended:
    """The connection must be closed; nothing comes after this. `text` says why, for people."""

    cause: EndCause
    text: str


ClientEvent = (
    VersionRollingSettled | ExtensionRefused | Subscribed | Authorized | JobReceived
    | DifficultyChanged | ShareAnswered | RedirectAsked | MessageShown | Dropped | Ended
)  # fmt: skip
