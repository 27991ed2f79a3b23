"""Server-sent events: what all open pages are sent, and which of them are let go.

Three kinds of message: `hello` begins a stream and names the run, `news` are events as they
happen, `tick` is the snapshot once a second, by which a page knows that the miner lives.
"""

import asyncio
import secrets
import time
from collections import deque
from collections.abc import Callable

import msgspec

from stampmill.core.events import Event
from stampmill.core.operate import transfer
from stampmill.core.operate.web.news import News, news_of, pool_number
from stampmill.core.snapshot import Snapshot

MAX_PAGES = 128
QUEUE = 32
"""Messages that may wait for a page: with a tick a second, half a minute of not reading."""
FLUSH_SECONDS = 0.1
"""News of so long travel together."""
MAX_NEWS = 64
"""Of one flush, the latest; how many were passed over is said."""
KEPT_SHARES = 100
KEPT_OTHERS = 100
KEPT_LASTING = 8
"""News that a page opened late is shown."""

Later = Callable[[float, Callable[[], None]], object]
"""Calls something after so many seconds, as `call_later` of an event loop does."""


class Pages(msgspec.Struct):
    """How many pages there are, and what became of others, all told."""

    open: int = 0
    turned_away: int = 0
    """There were `MAX_PAGES`."""
    never_read: int = 0
    """They did not take what they were sent."""
    news_passed_over: int = 0
    """Events of one moment beyond `MAX_NEWS`."""


class Stream:
    """What waits for one page."""

    def __init__(self, hang_up: Callable[[], None]) -> None:
        self.hang_up = hang_up
        self._waiting: deque[bytes] = deque()
        self._changed = asyncio.Event()
        self._ended = False

    async def next(self) -> bytes:
        """Return all that waits, once there is something; nothing at the end."""
        while not self._waiting and not self._ended:
            self._changed.clear()
            await self._changed.wait()
        return self.take()

    def take(self) -> bytes:
        """Return all that waits now."""
        data = b"".join(self._waiting)
        self._waiting.clear()
        return data

    def put(self, *messages: bytes) -> bool:
        """Queue messages; tell whether there was room."""
        self._waiting.extend(messages)
        self._changed.set()
        return len(self._waiting) <= QUEUE

    def end(self) -> None:
        """Let the page go."""
        self._ended = True
        self._waiting.clear()
        self._changed.set()


class Hub:
    """Sends every open page the same bytes."""

    def __init__(
        self,
        version: str,
        *,
        writable: bool,
        later: Later,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.pages = Pages()
        self.run = secrets.token_hex(8)
        """Another for every run: what a page knows of one says nothing of the next."""
        self._version = version
        self._writable = writable
        self._later = later
        self._now = now
        self._streams: set[Stream] = set()
        self._shot: Snapshot | None = None
        self._count = 0
        self._shares: deque[News] = deque(maxlen=KEPT_SHARES)
        self._others: deque[News] = deque(maxlen=KEPT_OTHERS)
        self._lasting: deque[News] = deque(maxlen=KEPT_LASTING)
        self._fresh: list[News] = []

    def join(self, hang_up: Callable[[], None], after: str = "") -> Stream | None:
        """Begin a stream behind the message with that id; return None if there are too many."""
        if len(self._streams) >= MAX_PAGES:
            self.pages.turned_away += 1
            return None
        # Whoever is there gets what is fresh as always: else it would get it twice.
        self._flush()
        stream = Stream(hang_up)
        self._streams.add(stream)
        self.pages.open = len(self._streams)
        stream.put(self._hello(), self._kept(after))
        if self._shot is not None:
            stream.put(self._tick(self._shot))
        return stream

    def leave(self, stream: Stream) -> None:
        """Forget a page."""
        stream.end()
        self._streams.discard(stream)
        self.pages.open = len(self._streams)

    def tick(self, shot: Snapshot) -> None:
        """Send a snapshot."""
        self._shot = shot
        if self._streams:
            self._publish(self._tick(shot))

    def on_event(self, event: Event) -> None:
        """Send an event, with those that come within a moment of it."""
        self._count += 1
        news = news_of(event, self._count, self._now(), self._place)
        (self._shares if news.is_share else self._others).append(news)
        if news.lasting:
            self._lasting.append(news)
        if self._streams:
            if not self._fresh:
                self._later(FLUSH_SECONDS, self._flush)
            self._fresh.append(news)

    def close(self) -> None:
        """Let all pages go."""
        for stream in tuple(self._streams):
            self.leave(stream)

    def _place(self, sink: object) -> int | None:
        return pool_number(self._shot, sink)  # type: ignore[arg-type]

    def _hello(self) -> bytes:
        lasting = [news.text for news in self._lasting]
        body = {"run": self.run, "version": self._version, "writable": self._writable}
        return _message("hello", msgspec.json.encode({**body, "lasting": lasting}))

    def _tick(self, shot: Snapshot) -> bytes:
        body = {"snapshot": msgspec.Raw(transfer.encode(shot)), "pages": self.pages}
        return _message("tick", msgspec.json.encode(body))

    def _flush(self) -> None:
        if self._fresh:
            over = max(len(self._fresh) - MAX_NEWS, 0)
            self.pages.news_passed_over += over
            fresh, self._fresh = self._fresh[over:], []
            self._publish(self._news(fresh, over))

    def _kept(self, after: str) -> bytes:
        run, _, number = after.rpartition("-")
        last = int(number) if run == self.run and number.isdecimal() else 0
        kept = sorted([*self._shares, *self._others], key=lambda news: news.id)
        return self._news([news for news in kept if news.id > last], 0)

    def _news(self, news: list[News], passed_over: int) -> bytes:
        body = {"news": news, "passed_over": passed_over}
        return _message("news", msgspec.json.encode(body), f"{self.run}-{self._count}")

    def _publish(self, message: bytes) -> None:
        for stream in tuple(self._streams):
            if not stream.put(message):
                self.pages.never_read += 1
                self.leave(stream)
                stream.hang_up()


def _message(kind: str, data: bytes, number: str = "") -> bytes:
    """Return a message; JSON holds no newline, which would end it."""
    head = f"id: {number}\nevent: {kind}" if number else f"event: {kind}"
    return b"%s\ndata: %s\n\n" % (head.encode(), data)
