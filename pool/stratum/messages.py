"""Every message by its method, and the whole lines they travel in: the module both sides use."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from stampmill.pool.stratum.answers import Answer, MessageId, PoolError
from stampmill.pool.stratum.drops import Drop, UnusableMessageError
from stampmill.pool.stratum.fields import FieldError
from stampmill.pool.stratum.json_line import Json, encode_line, shown
from stampmill.pool.stratum.notifications import (
    GetVersion,
    Notify,
    Ping,
    Pong,
    Reconnect,
    SetDifficulty,
    SetExtranonce,
    SetVersionMask,
    ShowMessage,
)
from stampmill.pool.stratum.requests import (
    Authorize,
    Configure,
    ExtranonceSubscribe,
    GetTransactions,
    Submit,
    Subscribe,
    SuggestDifficulty,
    SuggestTarget,
)

MAX_ID = 256
"""Characters of an id: it is repeated, and a client's line may have no more than 1024 bytes."""


@dataclass(frozen=True, slots=True)
class UnknownMethod:
    """A method that is not in the reader's table."""

    method: str


ClientRequest = (
    Configure | Subscribe | Authorize | Submit | SuggestDifficulty | SuggestTarget
    | ExtranonceSubscribe | GetTransactions | Ping | Pong
)  # fmt: skip
"""What a server reads."""

ServerMessage = (
    Notify | SetDifficulty | SetExtranonce | SetVersionMask | Reconnect | ShowMessage
    | GetVersion | Ping | Pong
)  # fmt: skip
"""What a client reads, besides answers."""


class Message(Protocol):
    """What all of them have in common."""

    @property
    def METHOD(self) -> str:  # noqa: N802  a constant of each class
        """The method's name on the wire."""

    def params(self) -> list[Json]:
        """Return the parameters for the wire."""


def encode(message: Message, message_id: MessageId = None) -> bytes:
    """Return a request, or without an id a notification, as one line."""
    line = {"id": message_id, "method": message.METHOD, "params": message.params()}
    return encode_line(line)


def encode_result(message_id: MessageId, result: Json) -> bytes:
    """Return an answer as one line."""
    return encode_line({"id": message_id, "result": result, "error": None})


def encode_error(message_id: MessageId, error: PoolError) -> bytes:
    """Return a refusal as one line."""
    triple = [20 if error.code is None else error.code, error.text, None]
    return encode_line({"id": message_id, "result": None, "error": triple})


def read_id(message: dict[str, Json]) -> MessageId:
    """Return the id as it stood; raise UnusableMessageError for one that cannot be repeated."""
    message_id = message.get("id")
    if isinstance(message_id, int) and abs(message_id) >= 1 << 63:
        raise UnusableMessageError(Drop.NOT_A_MESSAGE, "an id of more than 64 bits")
    if isinstance(message_id, str) and len(message_id) > MAX_ID:
        raise UnusableMessageError(Drop.NOT_A_MESSAGE, f"an id of more than {MAX_ID} characters")
    if message_id is None or isinstance(message_id, int | float | str):
        return message_id
    raise UnusableMessageError(Drop.NOT_A_MESSAGE, "an id that is neither number nor string")


def read_request(message: dict[str, Json]) -> ClientRequest | UnknownMethod:
    """Return what a client asks; raise UnusableMessageError for bad parameters."""
    return _read(message, _REQUESTS)


def read_server_message(message: dict[str, Json]) -> ServerMessage | UnknownMethod:
    """Return what a server says or asks; raise UnusableMessageError for bad parameters."""
    return _read(message, _SERVER_MESSAGES)


def read_answer(message: dict[str, Json]) -> Answer:
    """Return an answer; raise UnusableMessageError for an object that is none."""
    if message.keys().isdisjoint(("result", "error", "reject-reason")):
        raise UnusableMessageError(Drop.NOT_A_MESSAGE, "neither a method nor a result")
    return Answer.from_message(read_id(message), message)


def is_call(message: dict[str, Json]) -> bool:
    """Tell a request or notification from an answer: by its method, whatever its id."""
    return message.get("method") is not None


_M = TypeVar("_M")
_Reader = tuple[Drop, Callable[[list[Json]], _M]]

_REQUESTS: dict[str, _Reader[ClientRequest]] = {
    kind.METHOD: (kind.DROP, kind.from_params)
    for kind in (
        Configure, Subscribe, Authorize, Submit, SuggestDifficulty, SuggestTarget,
        ExtranonceSubscribe, GetTransactions, Ping, Pong,
    )
}  # fmt: skip
_SERVER_MESSAGES: dict[str, _Reader[ServerMessage]] = {
    kind.METHOD: (kind.DROP, kind.from_params)
    for kind in (
        Notify, SetDifficulty, SetExtranonce, SetVersionMask, Reconnect, ShowMessage,
        GetVersion, Ping, Pong,
    )
}  # fmt: skip


def _read(message: dict[str, Json], table: dict[str, _Reader[_M]]) -> _M | UnknownMethod:
    method = message["method"]
    if not isinstance(method, str):
        raise UnusableMessageError(Drop.NOT_A_MESSAGE, "a method that is no string")
    if method not in table:
        return UnknownMethod(shown(method.encode(), 64))
    drop, from_params = table[method]
    try:
        return from_params(_as_list(message.get("params")))
    except FieldError as error:
        raise UnusableMessageError(drop, f"{method}: {error}") from error


def _as_list(params: Json) -> list[Json]:
    if params is None:
        return []
    if not isinstance(params, list):
        raise FieldError("parameters that are no list")
    return params
