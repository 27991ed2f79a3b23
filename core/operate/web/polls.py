"""What monitors poll over HTTP: replies that are made once however many ask, and fast.

A monitor asks with the same bytes each time. aiohttp reads and judges them once; from then on the
same bytes get the reply of the moment without it, for it takes five times as long as we do.
"""

import re
import time
from collections.abc import Callable, Coroutine
from email.utils import formatdate
from functools import lru_cache
from typing import Any, Protocol

from aiohttp import hdrs, web
from aiohttp.http import SERVER_SOFTWARE, HttpVersion11

from stampmill.core.operate.desk import Desk
from stampmill.core.operate.web.bounds import HEADERS
from stampmill.core.snapshot import Snapshot

MAX_KNOWN = 64
MAX_HEAD = 2048
"""Bytes of a request that is worth remembering."""

_BLANK = b"\r\n\r\n"
_BEGINS = re.compile(rb"(?:\r?\n)*(?:[A-Za-z-]{1,32}(?: |\Z)|\Z)")
_ASKS_FOR_MORE = frozenset({hdrs.EXPECT, hdrs.UPGRADE})


class Document(Protocol):
    """Something to read about a run, as bytes of one type."""

    content_type: str

    def ready(self, shot: Snapshot) -> bytes | None:
        """Return what says a snapshot, unless that takes too long for the loop."""

    async def of(self, shot: Snapshot) -> bytes:
        """Return what says a snapshot."""


class Sheet:
    """A document that is made quickly."""

    def __init__(self, content_type: str, make: Callable[[Snapshot], bytes]) -> None:
        self.content_type = content_type
        self._make = make
        self._shot: Snapshot | None = None
        self._body = b""

    def ready(self, shot: Snapshot) -> bytes:
        """Return what says a snapshot."""
        if shot is not self._shot:
            self._body, self._shot = self._make(shot), shot
        return self._body

    async def of(self, shot: Snapshot) -> bytes:
        """Return the same."""
        return self.ready(shot)


class Polls:
    """Requests that were answered with a document before."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._known: dict[bytes, Document] = {}

    def learn(self, said: bytes, request: web.Request, document: Document) -> None:
        """Remember all that a client said, if it was no more than this request for a document."""
        if said in self._known or not _is_plain(said, request):
            return
        if len(self._known) == MAX_KNOWN:
            del self._known[next(iter(self._known))]
        self._known[said] = document

    def reply(self, said: bytes) -> bytes | Coroutine[Any, Any, bytes] | None:
        """Return the reply to what was said before in the same bytes, None if it was not."""
        document = self._known.get(said)
        if document is None:
            return None
        shot = self._desk.snapshot()
        body = document.ready(shot)
        return _later(document, shot) if body is None else _framed(document.content_type, body)


def looks_like_http(data: bytes | bytearray) -> bool:
    """Tell whether that may be the beginning of a request."""
    return _BEGINS.match(data) is not None


def refusal(text: str) -> bytes:
    """Return the reply to what is no request."""
    return _framed("text/plain; charset=utf-8", text.encode(), "400 Bad Request")


async def _later(document: Document, shot: Snapshot) -> bytes:
    return _framed(document.content_type, await document.of(shot))


def _is_plain(said: bytes, request: web.Request) -> bool:
    """Tell whether nothing but path and address matter of what was said."""
    return (
        request.method == hdrs.METH_GET
        and request.version == HttpVersion11
        and not request.body_exists
        and len(said) <= MAX_HEAD
        and said.find(_BLANK) == len(said) - len(_BLANK)
        and not any(name in request.headers for name in _ASKS_FOR_MORE)
    )


def _framed(content_type: str, body: bytes, status: str = "200 OK") -> bytes:
    """Return a whole reply, with the head that aiohttp would give it."""
    return b"HTTP/1.1 %b\r\nContent-Type: %b\r\n%bContent-Length: %d\r\nDate: %b\r\n%b\r\n%b" % (
        status.encode(), content_type.encode(), _FIXED, len(body), _date(int(time.time())), _END,
        body,
    )  # fmt: skip


_FIXED = "".join(f"{name}: {value}\r\n" for name, value in HEADERS.items()).encode()
_END = f"Server: {SERVER_SOFTWARE}\r\nConnection: close\r\n".encode()


@lru_cache(maxsize=1)
def _date(seconds: int) -> bytes:
    return formatdate(seconds, usegmt=True).encode()
