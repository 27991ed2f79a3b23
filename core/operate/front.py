"""The listening side of a port that is asked often: a whole request is answered at once.

What a monitor asks comes in one piece, and its reply fits into the system's buffers. asyncio's way,
a transport, a protocol and timers for each connection, takes the loop three times as long beside
threads that hash (0.6 to 0.2 ms a poll, measured), and jobs wait for the loop meanwhile.
"""

import asyncio
import errno
import logging
import socket
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from stampmill.core.rate_limit import RateLimit

BACKLOG = 128
BURST = 256
BURST_SECONDS = 2.5
"""So many connections are taken at once, and in the long run in so many seconds: each costs the
loop up to 0.3 ms, so that a flood takes a thirtieth of a core from mining. The rest waits."""
REST_SECONDS = 0.25
"""After which there are some to take at a stretch, which is less work than each by itself."""
READ_BYTES = 65536
BREATH_SECONDS = 1.0
"""Until the next look, where the system has no room for one more connection."""

_NO_ROOM = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_DEFER_SECONDS = 1
"""So long Linux says nothing of a connection over which nothing has come (tcp(7))."""

_log = logging.getLogger("stampmill.ports")

Said = bytes | Coroutine[Any, Any, bytes] | asyncio.Protocol
"""A whole reply, one that takes a while to make, or who goes on with the connection."""


class Caller(Protocol):
    """Our side of one connection, without I/O."""

    def feed(self, data: bytes) -> Said | None:
        """Take what came; None: there must be more of it."""

    def end(self) -> bytes:
        """Return what to say to a client that will say no more, perhaps nothing."""


class Front:
    """Listens, and answers each connection once; who dawdles is hung up on.

    `admit` makes the caller of an address, or None to hang up at once. In a turn of the loop one
    connection is seen to, so that jobs and shares come in between.
    """

    def __init__(
        self,
        admit: Callable[[str], Caller | None],
        patience: float,
        limit: RateLimit | None = None,
    ) -> None:
        self._admit = admit
        self._patience = patience
        self._limit = limit or RateLimit(BURST, BURST_SECONDS)
        self._was_flooded = False
        self._listening: list[socket.socket] = []
        self._visits: dict[_Visit, None] = {}
        """Those that are waited for, the oldest first."""
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def waiting(self) -> int:
        """How many have not said all, or not yet taken their reply."""
        return len(self._visits)

    async def listen(self, host: str, port: int) -> tuple[str, int]:
        """Begin; return where. Raise OSError if the port cannot be had."""
        self._loop = asyncio.get_running_loop()
        # asyncio finds and binds the addresses of a host, but is not to listen.
        bound = await self._loop.create_server(asyncio.Protocol, host, port, start_serving=False)
        self._listening = [each.dup() for each in bound.sockets]
        bound.close()
        try:
            for sock in self._listening:
                _begin_to_listen(sock)
        except OSError:
            self.close()
            raise
        for sock in self._listening:
            self._loop.add_reader(sock, self._on_connection, sock)
        address = self._listening[0].getsockname()
        return str(address[0]), int(address[1])

    def close(self) -> None:
        """Hang up on everybody, except those that somebody else has gone on with."""
        for sock in self._listening:
            self._loop.remove_reader(sock)
            sock.close()
        self._listening.clear()
        for task in self._tasks:
            task.cancel()
        for visit in tuple(self._visits):
            self._leave(visit)
        if self._timer is not None:
            self._timer.cancel()

    def _on_connection(self, listening: socket.socket) -> None:
        if not self._limit.allow(self._loop.time()):
            self._tell_of_flood(listening)
            self._take_breath(listening, REST_SECONDS)
            return
        try:
            sock, address = listening.accept()
        except OSError as error:  # it has gone again, or there is no room
            if error.errno in _NO_ROOM:
                self._take_breath(listening, BREATH_SECONDS)
            return
        sock.setblocking(False)
        caller = self._admit(str(address[0]))
        if caller is None:
            sock.close()
        else:
            self._on_data(_Visit(sock, caller))

    def _tell_of_flood(self, listening: socket.socket) -> None:
        if not self._was_flooded:
            self._was_flooded = True
            _log.warning(
                "port %d is asked more than %d times in %g s: the rest waits",
                listening.getsockname()[1], BURST, BURST_SECONDS,
            )  # fmt: skip

    def _take_breath(self, listening: socket.socket, seconds: float) -> None:
        self._loop.remove_reader(listening)
        self._loop.call_later(seconds, self._look_again, listening)

    def _look_again(self, listening: socket.socket) -> None:
        if listening in self._listening:
            self._loop.add_reader(listening, self._on_connection, listening)

    def _on_data(self, visit: "_Visit") -> None:
        try:
            data = visit.sock.recv(READ_BYTES)
            said = visit.caller.feed(data) if data else visit.caller.end()
        except BlockingIOError:
            said = None
        except OSError:
            self._leave(visit)
            return
        except Exception:
            self._leave(visit)
            raise
        self._go_on(visit, said)

    def _go_on(self, visit: "_Visit", said: Said | None) -> None:
        if said is None:
            self._await(visit)
        elif isinstance(said, bytes):
            self._write(visit, said)
        elif isinstance(said, asyncio.Protocol):
            self._forget(visit)
            self._spawn(self._hand_over(visit.sock, said), visit.sock.close)
        else:
            self._await(visit)
            self._loop.remove_reader(visit.sock)
            self._spawn(self._reply(visit, said), said.close)

    def _write(self, visit: "_Visit", data: bytes | memoryview) -> None:
        try:
            sent = visit.sock.send(data)
        except BlockingIOError:
            sent = 0
        except OSError:
            self._leave(visit)
            return
        if sent == len(data):
            self._leave(visit)
        else:
            self._await(visit)
            self._loop.remove_reader(visit.sock)
            rest = memoryview(data)[sent:]
            self._loop.add_writer(visit.sock, self._write, visit, rest)

    async def _reply(self, visit: "_Visit", making: Coroutine[Any, Any, bytes]) -> None:
        try:
            data = await making
        except Exception:
            self._leave(visit)
            raise
        if visit in self._visits:
            self._write(visit, data)

    async def _hand_over(self, sock: socket.socket, protocol: asyncio.Protocol) -> None:
        await self._loop.connect_accepted_socket(lambda: protocol, sock)

    def _spawn(self, coroutine: Coroutine[Any, Any, None], undo: Callable[[], None]) -> None:
        """Run something; `undo` is for when it does not come to its end."""
        task = self._loop.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(partial(self._on_done, undo))

    def _on_done(self, undo: Callable[[], None], task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            undo()
        elif (error := task.exception()) is not None:
            undo()
            told = {"message": "a request was not answered", "exception": error}
            self._loop.call_exception_handler(told)

    def _await(self, visit: "_Visit") -> None:
        """Wait for a visitor, but no longer than patience lasts in all."""
        if visit in self._visits:
            return
        visit.until = self._loop.time() + self._patience
        self._visits[visit] = None
        self._loop.add_reader(visit.sock, self._on_data, visit)
        if self._timer is None:
            self._timer = self._loop.call_at(visit.until, self._sweep)

    def _sweep(self) -> None:
        """Hang up on those whose time is over."""
        now = self._loop.time()
        for visit in tuple(self._visits):
            if visit.until > now:
                break
            self._leave(visit)
        first = next(iter(self._visits), None)
        self._timer = self._loop.call_at(first.until, self._sweep) if first else None

    def _leave(self, visit: "_Visit") -> None:
        self._forget(visit)
        visit.sock.close()

    def _forget(self, visit: "_Visit") -> None:
        if visit in self._visits:
            del self._visits[visit]
            self._loop.remove_reader(visit.sock)
            self._loop.remove_writer(visit.sock)


@dataclass(slots=True, eq=False)
class _Visit:
    """One connection."""

    sock: socket.socket
    caller: Caller
    until: float = 0.0


def _begin_to_listen(sock: socket.socket) -> None:
    sock.setblocking(False)
    if hasattr(socket, "TCP_DEFER_ACCEPT"):
        # Woken once for a connection with its request, instead of for each.
        with suppress(OSError):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, _DEFER_SECONDS)
    sock.listen(BACKLOG)
