"""The server's side of one connection, without I/O: bytes in, typed requests out.

What is sent goes through `messages.encode`, `encode_result` and `encode_error`: pure functions, so
that one notification is encoded once for any number of clients.
"""

from dataclasses import dataclass

from stampmill.pool.stratum.answers import Answer, MessageId
from stampmill.pool.stratum.drops import BrokenStreamError, Drop, UnusableMessageError
from stampmill.pool.stratum.framing import CLIENT_LINE_LIMIT
from stampmill.pool.stratum.inbox import Inbox
from stampmill.pool.stratum.json_line import Json, shown
from stampmill.pool.stratum.messages import (
    ClientRequest,
    UnknownMethod,
    is_call,
    read_answer,
    read_id,
    read_request,
)


@dataclass(frozen=True, slots=True)
class Requested:
    """A client asks; answer with this id, unless it is None (a notification)."""

    id: MessageId
    request: ClientRequest | UnknownMethod


@dataclass(frozen=True, slots=True)
class BadRequest:
    """A known method with unusable parameters: to be answered with error 20, connection kept."""

    id: MessageId
    method: str
    drop: Drop
    text: str


@dataclass(frozen=True, slots=True)
class Answered:
    """A client answers what the server asked (`client.get_version`, `mining.ping`)."""

    answer: Answer


@dataclass(frozen=True, slots=True)
class Unusable:
    """A line that is no message; nothing to answer, connection kept."""

    drop: Drop
    text: str


@dataclass(frozen=True, slots=True)
class Broken:
    """Drop the connection, quietly; nothing comes after this."""

    drop: Drop
    text: str


ServerEvent = Requested | BadRequest | Answered | Unusable | Broken


class ServerProtocol:
    """Reads what one client sends; feed() never raises, whatever the bytes."""

    __slots__ = ("_inbox", "broken")

    def __init__(self, line_limit: int = CLIENT_LINE_LIMIT) -> None:
        self._inbox = Inbox(line_limit)
        self.broken = False
        """Whether the stream is beyond use; feed() then ignores everything."""

    def feed(self, data: bytes) -> list[ServerEvent]:
        """Take bytes in any segmentation and return what they complete."""
        events: list[ServerEvent] = []
        try:
            if not self.broken:
                self._inbox.feed(data)
                self._read_all(events)
        except BrokenStreamError as error:
            self.broken = True
            self._inbox.clear()
            events.append(Broken(error.drop, str(error)))
        return events

    def _read_all(self, events: list[ServerEvent]) -> None:
        while True:
            try:
                message = self._inbox.next_message()
                if message is None:
                    return
                events.append(_event(message))
            except UnusableMessageError as error:
                events.append(Unusable(error.drop, str(error)))


def _event(message: dict[str, Json]) -> ServerEvent:
    if not is_call(message):
        return Answered(read_answer(message))
    message_id = read_id(message)
    try:
        return Requested(message_id, read_request(message))
    except UnusableMessageError as error:
        if error.drop is Drop.NOT_A_MESSAGE:
            raise
        method = shown(str(message["method"]).encode(), 64)
        return BadRequest(message_id, method, error.drop, str(error))
