"""Answers in every shape seen on the wire, and the results of configure and subscribe."""

import re
from dataclasses import dataclass
from typing import Self

from stampmill.core.job import RejectReason
from stampmill.pool.stratum.fields import (
    MAX_EXTRANONCE1,
    MAX_EXTRANONCE2,
    FieldError,
    at,
    read_hex,
    read_int,
    read_u32_hex,
)
from stampmill.pool.stratum.json_line import Json, printable
from stampmill.pool.stratum.requests import (
    BIP320_MASK,
    INFO,
    MINIMUM_DIFFICULTY,
    SUBSCRIBE_EXTRANONCE,
    VERSION_ROLLING,
)

MessageId = int | float | str | None
"""A request's id as it stood on the wire: an answer repeats it unchanged."""

# Error codes of the 2012 documentation.
OTHER = 20
JOB_NOT_FOUND = 21
DUPLICATE_SHARE = 22
LOW_DIFFICULTY = 23
UNAUTHORIZED = 24
NOT_SUBSCRIBED = 25


@dataclass(frozen=True, slots=True)
class PoolError:
    """Why a server said no: its code, if it gave one, and its words, made printable."""

    code: int | None = None
    text: str = ""

    @property
    def reason(self) -> RejectReason:
        """The meaning, by code where the code has one, else by words."""
        if self.code in _REASON_OF_CODE:
            return _REASON_OF_CODE[self.code]
        for words, reason in _REASON_OF_WORDS:
            if words.search(self.text):
                return reason
        return RejectReason.OTHER

    def __str__(self) -> str:
        return self.text or ("no reason given" if self.code is None else f"error {self.code}")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back for a request. `error` is None where none was given."""

    id: MessageId
    result: Json
    error: PoolError | None = None

    @property
    def accepted(self) -> bool:
        """Whether the result is true, whatever stands beside it."""
        return self.result is True

    @classmethod
    def from_message(cls, message_id: MessageId, message: dict[str, Json]) -> Self:
        """Read the result and any shape of error."""
        result = message.get("result")
        error = _read_error(message.get("error"))
        if error is None and result is not True and "reject-reason" in message:
            error = _read_error(message["reject-reason"])
        return cls(message_id, result, error)


@dataclass(frozen=True, slots=True)
class ConfigureResult:
    """What the server grants. `version_mask` None: no version rolling; the rest None: not asked."""

    version_mask: int | None = None
    minimum_difficulty: bool | None = None
    subscribe_extranonce: bool | None = None
    info: bool | None = None

    def to_json(self, *, version_rolling_asked: bool = False) -> Json:
        """Return the result object; a refused version rolling is said only if it was asked for."""
        result: dict[str, Json] = {}
        if self.version_mask is not None:
            result[VERSION_ROLLING] = True
            result["version-rolling.mask"] = f"{self.version_mask:08x}"
        elif version_rolling_asked:
            result[VERSION_ROLLING] = False
        others = {
            MINIMUM_DIFFICULTY: self.minimum_difficulty,
            SUBSCRIBE_EXTRANONCE: self.subscribe_extranonce,
            INFO: self.info,
        }
        return result | {name: granted for name, granted in others.items() if granted is not None}

    @classmethod
    def from_json(cls, value: Json) -> Self:
        """Read a result object; null and `{}` grant nothing; raise FieldError."""
        if value is None or value is False:
            return cls()
        if not isinstance(value, dict):
            raise FieldError("not an object")
        return cls(
            _granted_mask(value) if value.get(VERSION_ROLLING) is True else None,
            _granted(value, MINIMUM_DIFFICULTY),
            _granted(value, SUBSCRIBE_EXTRANONCE),
            _granted(value, INFO),
        )


@dataclass(frozen=True, slots=True)
class SubscribeResult:
    """What work will be made of; `session_id` (None: not given) may be passed to resume."""

    extranonce1: bytes
    extranonce2_size: int
    session_id: str | None = None

    def to_json(self) -> Json:
        """Return the form that every client understands."""
        session = self.session_id or ""
        subscriptions = [["mining.set_difficulty", session], ["mining.notify", session]]
        return [subscriptions, self.extranonce1.hex(), self.extranonce2_size]

    @classmethod
    def from_json(cls, value: Json) -> Self:
        """Read the result whatever its list of subscriptions looks like; raise FieldError."""
        if not isinstance(value, list):
            raise FieldError("not a list")
        extranonce1 = read_hex(at(value, 1), MAX_EXTRANONCE1)
        size = read_int(at(value, 2), MAX_EXTRANONCE2)
        return cls(extranonce1, size, _session_id(value[0]))


_REASON_OF_CODE = {
    JOB_NOT_FOUND: RejectReason.STALE,
    DUPLICATE_SHARE: RejectReason.DUPLICATE,
    LOW_DIFFICULTY: RejectReason.LOW_DIFFICULTY,
    UNAUTHORIZED: RejectReason.UNAUTHORIZED,
    NOT_SUBSCRIBED: RejectReason.NOT_SUBSCRIBED,
}

# Whole words where a syllable would do harm: "allowed" holds "low", "unknown" nothing of worth.
_REASON_OF_WORDS = tuple(
    (re.compile(words, re.IGNORECASE), reason)
    for words, reason in (
        (r"unauth|not authori[sz]ed|worker mismatch", RejectReason.UNAUTHORIZED),
        (r"(not|un)[ -]?subscribed", RejectReason.NOT_SUBSCRIBED),
        (r"\bdup", RejectReason.DUPLICATE),
        (r"\bstale|\bjob(id)?\b|\bexpired\b", RejectReason.STALE),
        (r"\blow\b|\bbelow\b|\babove\b|\btarget\b|\bhigh-hash\b", RejectReason.LOW_DIFFICULTY),
    )
)
_MAX_ERROR_TEXT = 200
_MAX_SESSION_ID = 128


def _read_error(value: Json) -> PoolError | None:
    if value is None or value is False or value in ("", [], {}):
        return None
    if isinstance(value, list):
        return PoolError(_code(value[0]), _text(at(value, 1)))
    if isinstance(value, dict):
        return PoolError(_code(value.get("code")), _text(value.get("message")))
    return PoolError(_code(value), _text(value))


def _code(value: Json) -> int | None:
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,9}", value):
        return int(value)
    is_code = isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 31
    return value if is_code else None


def _text(value: Json) -> str:
    return printable(value[:_MAX_ERROR_TEXT]) if isinstance(value, str) else ""


def _granted(value: dict[str, Json], extension: str) -> bool | None:
    return None if extension not in value else value[extension] is True


def _granted_mask(value: dict[str, Json]) -> int:
    mask = value.get("version-rolling.mask")
    return BIP320_MASK if mask is None else read_u32_hex(mask)


def _session_id(subscriptions: Json) -> str | None:
    """Find the notify id in a list of pairs, in a single pair, or in no list at all."""
    if not isinstance(subscriptions, list):
        subscriptions = []
    pairs = [subscriptions, *(pair for pair in subscriptions if isinstance(pair, list))]
    for pair in pairs:
        if len(pair) == 2 and pair[0] == "mining.notify" and isinstance(pair[1], str):
            return pair[1] if 0 < len(pair[1]) <= _MAX_SESSION_ID else None
    return None
