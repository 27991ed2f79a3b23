"""Families of metrics as the text that Prometheus reads, byte for byte as prometheus-client has it.

That library checks each name and label anew, which takes seven times as long; ours are fixed.
"""

import asyncio
import time
from collections.abc import Callable, Iterable
from functools import lru_cache

from prometheus_client.utils import floatToGoString

from stampmill.core.operate.metrics.families import Family, Line
from stampmill.core.snapshot import Snapshot

AT_ONCE = 0.0005
"""Seconds after which the event loop may see to others: a job must not wait for a scrape."""

_PLAIN_BELOW = 1e6
"""Up to there Go writes a number as Python does."""


def text(family: Family) -> str:
    """Return the lines of a family."""
    return _head(family.kind, family.name, family.text) + "".join(map(_line, family.lines))


class Exposition:
    """What scrapes are answered with: the same for all that come while a snapshot is fresh."""

    content_type = "text/plain; version=0.0.4; charset=utf-8"

    def __init__(self, collect: Callable[[Snapshot], Iterable[Family]]) -> None:
        """Take what makes families of a snapshot."""
        self._collect = collect
        self._lock = asyncio.Lock()
        self._shot: Snapshot | None = None
        self._body = b""

    def ready(self, shot: Snapshot) -> bytes | None:
        """Return the text of a snapshot if it has been made."""
        return self._body if shot is self._shot else None

    async def of(self, shot: Snapshot) -> bytes:
        """Return the text of a snapshot."""
        async with self._lock:
            if shot is not self._shot:
                self._body, self._shot = await self._made(shot), shot
            return self._body

    async def _made(self, shot: Snapshot) -> bytes:
        pieces, began = [], time.perf_counter()
        for family in self._collect(shot):
            pieces.append(text(family))
            if time.perf_counter() - began > AT_ONCE:
                await asyncio.sleep(0)
                began = time.perf_counter()
        return "".join(pieces).encode()


@lru_cache(maxsize=256)
def _head(kind: str, name: str, text: str) -> str:
    full = f"{name}_total" if kind == "counter" else name
    return f"# HELP {full} {text}\n# TYPE {full} {kind}\n"


def _line(line: Line) -> str:
    name, labels, values, value = line
    return f"{_name(name, labels, values)} {_number(value)}\n"


@lru_cache(maxsize=4096)
def _name(name: str, labels: tuple[str, ...], values: tuple[str, ...]) -> str:
    """Return how a sample's line begins: from one scrape to the next most are the same."""
    pairs = sorted(zip(labels, values, strict=True))
    return f"{name}{{{','.join(map(_label, pairs))}}}" if pairs else name


def _label(label: tuple[str, str]) -> str:
    name, value = label
    value = value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
    return f'{name}="{value}"'


def _number(value: float) -> str:
    if 0 <= value < _PLAIN_BELOW:
        return repr(value)
    text: str = floatToGoString(value)  # type: ignore[no-untyped-call]  # the library's own
    return text
