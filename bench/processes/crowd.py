"""Thousands of miners that only listen, and note when the last of them has read a job."""

import select
import socket
import time
from collections import defaultdict

from stampmill.bench.processes.children import ChildError, Result, Settings
from stampmill.pool.server.open_files import make_room

_LOGIN = (
    b'{"id":1,"method":"mining.subscribe","params":["crowd/1.0"]}\n'
    b'{"id":2,"method":"mining.authorize","params":["w","x"]}\n'
)
_AT_ONCE = 50
_WARM_UP = 2
"""Jobs behind the last login that do not count: the pool still answers logins."""
_NOTIFY = b'"method":"mining.notify","params":["'


def child(settings: Settings) -> Result:
    """Connect so many, read so many jobs with all of them, and tell when each was read by all.

    Times are those of the system's monotonic clock, which other processes share.
    """
    count, patience = settings["connections"], settings["seconds"]
    if make_room(count) < count:
        raise ChildError(f"no room for {count} connections: raise it with ulimit -n")
    crowd = _Crowd((settings["host"], settings["port"]))
    deadline = time.monotonic() + patience
    crowd.connect(count)
    while len(whole := crowd.read_by_all()) < settings["jobs"] + _WARM_UP:
        if time.monotonic() > deadline:
            raise ChildError(f"{len(whole)} jobs reached all {count} within {patience:.0f} s")
        crowd.listen(0.1)
    return {"read_by_all": dict(list(whole.items())[_WARM_UP:])}


class _Crowd:
    def __init__(self, address: tuple[str, int]) -> None:
        self._address = address
        self._sockets: dict[int, socket.socket] = {}
        self._unfinished: dict[int, bytes] = {}
        self._poll = select.epoll()
        self._readers: dict[str, int] = defaultdict(int)
        self._latest: dict[str, float] = {}

    def connect(self, count: int) -> None:
        for number in range(count):
            one = socket.create_connection(self._address)
            one.setblocking(False)
            one.send(_LOGIN)
            self._sockets[one.fileno()] = one
            self._poll.register(one, select.EPOLLIN)
            if number % _AT_ONCE == 0:
                self.listen(0)

    def listen(self, seconds: float) -> None:
        """Read what has come within so long."""
        for number, _ in self._poll.poll(seconds):
            data = self._sockets[number].recv(65_536)
            if not data:
                raise ChildError("the pool closed a connection")
            data = self._unfinished.pop(number, b"") + data
            *lines, rest = data.split(b"\n")
            if rest:
                self._unfinished[number] = rest
            self._note(lines, time.monotonic())

    def read_by_all(self) -> dict[str, float]:
        """Return when the last one had read each job that all have read."""
        everybody = len(self._sockets)
        return {job: self._latest[job] for job, n in self._readers.items() if n == everybody}

    def _note(self, lines: list[bytes], now: float) -> None:
        for line in lines:
            _, found, rest = line.partition(_NOTIFY)
            if found:
                job = rest[: rest.index(b'"')].decode()
                self._readers[job] += 1
                self._latest[job] = now
