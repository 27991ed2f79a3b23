"""What a client sends: numbered requests with deadlines, shares, and replies to the server."""

from enum import Enum

from stampmill.pool.stratum.answers import MessageId, PoolError
from stampmill.pool.stratum.json_line import Json
from stampmill.pool.stratum.messages import Message, encode, encode_error, encode_result


class Asked(Enum):
    """A request of the client's that is not a share."""

    CONFIGURE = "mining.configure"
    SUBSCRIBE = "mining.subscribe"
    AUTHORIZE = "mining.authorize"
    SUGGEST_DIFFICULTY = "mining.suggest_difficulty"
    EXTRANONCE_SUBSCRIBE = "mining.extranonce.subscribe"

    @property
    def fatal(self) -> bool:
        """Whether there is no mining without an answer."""
        return self in {Asked.SUBSCRIBE, Asked.AUTHORIZE}


class Outbox:
    """Encodes what goes out and remembers which requests are open, each with its deadline."""

    __slots__ = ("_lines", "_next_id", "_open", "spoke_at")

    def __init__(self) -> None:
        self.spoke_at = 0.0
        """When the latest request was made."""
        self._lines: list[bytes] = []
        self._next_id = 0
        self._open: dict[int, tuple[Asked, float]] = {}

    def send(self, message: Message, now: float) -> int:
        """Send a request and return its id."""
        self._next_id += 1
        self.spoke_at = now
        self._lines.append(encode(message, self._next_id))
        return self._next_id

    def ask(self, asked: Asked, message: Message, now: float, patience: float) -> None:
        """Send a request and wait for its answer."""
        self._open[self.send(message, now)] = (asked, now + patience)

    def reply(self, message_id: MessageId, result: Json) -> None:
        """Answer the server, if it can be answered."""
        if message_id is not None:
            self._lines.append(encode_result(message_id, result))

    def refuse(self, message_id: MessageId, error: PoolError) -> None:
        """Answer the server with an error, if it can be answered."""
        if message_id is not None:
            self._lines.append(encode_error(message_id, error))

    def data_to_send(self) -> bytes:
        """Return what was not returned before."""
        data = b"".join(self._lines)
        self._lines.clear()
        return data

    def discard(self) -> None:
        """Forget what was not written."""
        self._lines.clear()

    def take(self, request_id: int) -> Asked | None:
        """Return what was asked under that id, and stop waiting for it."""
        return self._open.pop(request_id, (None, 0.0))[0]

    def kinds(self) -> frozenset[Asked]:
        """Return what is waited for."""
        return frozenset(asked for asked, _ in self._open.values())

    def expired(self, now: float) -> list[Asked]:
        """Return what is overdue, and stop waiting for it."""
        overdue = [number for number, (_, deadline) in self._open.items() if deadline <= now]
        return [self._open.pop(number)[0] for number in overdue]

    def deadlines(self) -> list[float]:
        """Return every deadline."""
        return [deadline for _, deadline in self._open.values()]


def own_id(message_id: MessageId) -> int | None:
    """Return the number that an answer's id stands for: servers turn 4 into "4" and 4.0."""
    if isinstance(message_id, str):
        is_number = message_id.isascii() and message_id.isdigit() and len(message_id) < 20
        return int(message_id) if is_number else None
    if isinstance(message_id, float):
        return int(message_id) if message_id.is_integer() else None
    return None if isinstance(message_id, bool) else message_id
