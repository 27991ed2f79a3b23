"""What a client asks, out of the bytes as they come; no I/O.

JSON begins with a brace and is over where its braces close; all else is text, and over with the
first read. Nothing tells the end, so nothing may be waited for.
"""

import json
from dataclasses import dataclass
from enum import Enum

MAX_REQUEST = 4096
"""Bytes; the longest sensible one, addpool, has some hundred."""


class Fault(Enum):
    """Why a request cannot be answered: the API's code and words."""

    INVALID_JSON = (23, "Invalid JSON")
    MISSING_COMMAND = (24, "Missing JSON 'command'")
    TOO_LONG = (23, f"Invalid JSON: longer than {MAX_REQUEST} bytes")

    @property
    def code(self) -> int:
        """The number of its STATUS."""
        return self.value[0]

    @property
    def message(self) -> str:
        """The words of its STATUS."""
        return self.value[1]


@dataclass(frozen=True, slots=True)
class Request:
    """A command with its parameter as text, to be answered in the form that it was asked in."""

    command: str
    parameter: str = ""
    as_json: bool = False
    fault: Fault | None = None


class RequestReader:
    """Takes one request from one connection."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._depth = 0
        self._in_string = self._escaped = False

    def feed(self, data: bytes) -> Request | None:
        """Return the request once it is whole, or found to be none."""
        start = len(self._data)
        self._data += data
        if not self._data.startswith(b"{"):
            return _text(bytes(self._data[:MAX_REQUEST])) if data else None
        for index in range(start, min(len(self._data), MAX_REQUEST)):
            self._step(self._data[index])
            if self._depth == 0:
                return _json(bytes(self._data[: index + 1]))
        if len(self._data) > MAX_REQUEST:
            return Request("", as_json=True, fault=Fault.TOO_LONG)
        return None

    def end(self) -> Request | None:
        """Return what there is to say to a client that stopped before its request was whole."""
        if not self._data:
            return None
        return Request("", as_json=True, fault=Fault.INVALID_JSON)

    def _step(self, byte: int) -> None:
        if self._in_string:
            closes = byte == 0x22 and not self._escaped
            self._escaped = byte == 0x5C and not self._escaped
            self._in_string = not closes
        elif byte == 0x22:
            self._in_string = True
        elif byte == 0x7B:
            self._depth += 1
        elif byte == 0x7D:
            self._depth -= 1


def _text(data: bytes) -> Request:
    line = data.decode("utf-8", "replace").strip("\0\r\n \t")
    command, _, parameter = line.partition("|")
    return Request(command.strip(), parameter)


def _json(data: bytes) -> Request:
    try:
        asked = json.loads(data)
    except (ValueError, RecursionError):
        return Request("", as_json=True, fault=Fault.INVALID_JSON)
    command = asked.get("command")
    if not isinstance(command, str) or not command:
        return Request("", as_json=True, fault=Fault.MISSING_COMMAND)
    return Request(command, _parameter(asked.get("parameter")), as_json=True)


def _parameter(value: object) -> str:
    """Return a parameter as text would have it: clients send numbers and strings."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float):
        return str(value)
    return json.dumps(value)
