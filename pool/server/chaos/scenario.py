"""What a scenario is: hooks on the lines to one miner, on their bytes, and on the clock."""

from collections.abc import Iterable
from dataclasses import dataclass
from random import Random
from typing import ClassVar, Protocol

from stampmill.pool.stratum.json_line import Json, encode_line

OPTIONAL = frozenset(
    ("mining.configure", "mining.suggest_difficulty", "mining.extranonce.subscribe")
)
"""Requests that a pool need not know."""


@dataclass(frozen=True, slots=True)
class Said:
    """A line on its way to the miner; `answers` names the method it answers, None for others."""

    raw: bytes
    message: dict[str, Json]
    answers: str | None = None

    @property
    def method(self) -> str | None:
        """The method of a notification or request."""
        method = self.message.get("method")
        return method if isinstance(method, str) else None

    @property
    def params(self) -> list[Json]:
        """A copy of the parameters."""
        params = self.message.get("params")
        return list(params) if isinstance(params, list) else []

    def changed(self, **members: Json) -> bytes:
        """Return the line with some members replaced."""
        return encode_line(self.message | members)


class Wire(Protocol):
    """What a scenario may do to its connection besides changing what passes."""

    def inject(self, *lines: bytes) -> None:
        """Send lines of its own, past the other scenarios' view but through their wire."""

    def emit(self, data: bytes) -> None:
        """Write bytes as they are."""

    def hang_up(self) -> None:
        """Close the connection."""

    def stop_reading(self) -> None:
        """Leave what the miner sends in the system's buffers from now on."""


class Scenario:
    """One kind of misbehaviour on one connection; a subclass overrides what it spoils.

    Times are monotonic seconds. All chance comes from `random`, which is seeded.
    """

    TEXT: ClassVar[str] = ""
    """One line for the list of scenarios."""

    def __init__(self, random: Random) -> None:
        self.random = random

    def opened(self, wire: Wire) -> None:
        """Act on a new connection."""

    def asked(self, method: str, wire: Wire) -> bool:
        """Return whether the pool is to see a request."""
        del method, wire
        return True

    def said(self, line: Said, wire: Wire) -> Iterable[bytes]:
        """Return the lines that go out in the place of one."""
        del wire
        return (line.raw,)

    def segments(self, data: bytes, wire: Wire) -> Iterable[bytes]:
        """Return the writes that go out in the place of one."""
        del wire
        return (data,)

    def tick(self, now: float, wire: Wire) -> None:
        """Act now and then: called about four times a second."""
