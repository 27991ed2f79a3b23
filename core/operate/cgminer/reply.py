"""Replies and their two forms; no I/O. No form holds a newline or a number that is none."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from json.encoder import encode_basestring_ascii
from typing import Any, NamedTuple

END = b"\0"
"""Behind every reply; then the connection is closed."""


class Fixed(NamedTuple):
    """A number with so many decimals; one that is not finite is shown as zero."""

    value: float
    places: int

    def __str__(self) -> str:
        return _FORMATS[self.places] % (self.value if math.isfinite(self.value) else 0.0)


_FORMATS = tuple(f"%.{places}f" for places in range(16))


Value = str | int | bool | Fixed
Fields = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Status:
    """How a command went: S success, I information, W warning, E error, with the API's code."""

    letter: str
    code: int
    message: str


@dataclass(frozen=True, slots=True)
class Section:
    """A command's answer: its name, and one or more sets of fields."""

    name: str
    items: Sequence[Fields]


@dataclass(frozen=True, slots=True)
class Reply:
    """A command's whole answer."""

    status: Status
    section: Section | None = None


@dataclass(frozen=True, slots=True)
class Stamp:
    """What every STATUS says besides: Unix seconds, and who answers."""

    when: int
    description: str


def as_json(reply: Reply, stamp: Stamp) -> bytes:
    """Return the JSON form, without the NUL."""
    return f"{_object(reply, stamp)}".encode()


def as_text(reply: Reply, stamp: Stamp) -> bytes:
    """Return the text form, without the NUL."""
    status = ",".join(f"{key}={_escaped(value)}" for key, value in _status(reply, stamp).items())
    return f"{status}|{_text_items(reply.section)}".encode()


def joined_as_json(replies: Mapping[str, Reply], stamp: Stamp) -> bytes:
    """Return several commands' replies as one object, each a list of one."""
    parts = (f"{_quoted(name)}:[{_object(reply, stamp)}]" for name, reply in replies.items())
    return f'{{{"".join(f"{part}," for part in parts)}"id":1}}'.encode()


def joined_as_text(replies: Mapping[str, Reply], stamp: Stamp) -> bytes:
    """Return several commands' replies in the text form, each under its name."""
    parts = (b"CMD=%b|" % name.encode() + as_text(reply, stamp) for name, reply in replies.items())
    return b"".join(parts)


def _object(reply: Reply, stamp: Stamp) -> str:
    section = reply.section
    shown = "" if section is None else f"{_quoted(section.name)}:{_items(section.items)},"
    return f'{{"STATUS":{_items([_status(reply, stamp)])},{shown}"id":1}}'


def _status(reply: Reply, stamp: Stamp) -> Fields:
    status = reply.status
    fields: dict[str, Value] = {
        "STATUS": status.letter, "When": stamp.when, "Code": status.code, "Msg": status.message,
    }  # fmt: skip
    # An invalid command is answered without it.
    return fields if status.code == INVALID else fields | {"Description": stamp.description}


INVALID = 14
"""The code of an invalid command."""


def _items(items: Sequence[Fields]) -> str:
    return f"[{','.join(_fields(fields) for fields in items)}]"


def _fields(fields: Fields) -> str:
    pairs = [f"{_key(key)}{_FORMS[type(value)](value)}" for key, value in fields.items()]
    return f"{{{','.join(pairs)}}}"


@lru_cache(maxsize=1024)
def _key(name: str) -> str:
    return f"{_quoted(name)}:"


def _plain(value: bool | int | Fixed) -> str:
    return _FORMS[type(value)](value)


def _quoted(text: str) -> str:
    # What json.dumps comes to for a text, in a fifth of the time: a reply has hundreds of them.
    return encode_basestring_ascii(text)


_FORMS: dict[type, Callable[[Any], str]] = {
    str: _quoted,
    int: str,
    bool: lambda value: "true" if value else "false",
    Fixed: str,
}


def _text_items(section: Section | None) -> str:
    """Return each item as a part of its own; one that is numbered begins with its number."""
    if section is None:
        return ""
    return "".join(f"{_text_item(section.name, fields)}|" for fields in section.items)


def _text_item(name: str, fields: Fields) -> str:
    pairs = ",".join(f"{key}={_escaped(value)}" for key, value in fields.items())
    return pairs if next(iter(fields), "") in NUMBERED else f"{name},{pairs}"


NUMBERED = frozenset({"POOL", "ASC", "DEVDETAILS", "NOTIFY", "STATS"})
"""Fields that begin an item which is one of several."""


def _escaped(value: Value) -> str:
    if not isinstance(value, str):
        return _plain(value)
    for special in "\\|,=":
        value = value.replace(special, f"\\{special}")
    return " ".join(value.split("\n"))
