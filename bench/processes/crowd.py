"""Thousands of miners that only listen, and tell when a job had arrived at the last of them.

Real ones are other machines. Here they have one process, which would take the pool's time if it
read while the pool writes: on hyperthreads the core, in a virtual machine the wake-ups. So it
lets the system stamp what arrives, and reads when it is over.
"""

import os
import select
import socket
import struct
import time
from collections import defaultdict

from stampmill.bench.processes.children import ChildError, Result, Settings
from stampmill.pool.server.sockets.open_files import make_room

_LOGIN = (
    b'{"id":1,"method":"mining.subscribe","params":["crowd/1.0"]}\n'
    b'{"id":2,"method":"mining.authorize","params":["w","x"]}\n'
)
_AT_ONCE = 50
_WARM_UP = 2
"""Jobs behind the last login that do not count: the pool still answers logins."""
_NOTIFY = b'"method":"mining.notify","params":["'
_LOOKS = 10
"""Looks between two jobs for whether one has begun to come."""
_TIMESPEC = struct.Struct("@ll")
_STAMPS = 35
"""SO_TIMESTAMPNS, which Python has no name for (Linux, asm-generic/socket.h)."""


def child(settings: Settings) -> Result:
    """Connect so many, read so many jobs with all of them, and tell when each had reached all.

    Times are those of the system's monotonic clock, which other processes share.
    """
    count, patience = settings["connections"], settings["seconds"]
    if make_room(count) < count:
        raise ChildError(f"no room for {count} connections: raise it with ulimit -n")
    _leave_the_first_core()
    crowd = _Crowd((settings["host"], settings["port"]))
    deadline = time.monotonic() + patience
    crowd.connect(count)
    while len(whole := crowd.arrivals()) < settings["jobs"] + _WARM_UP:
        if time.monotonic() > deadline:
            raise ChildError(f"{len(whole)} jobs reached all {count} within {patience:.0f} s")
        crowd.wait_for_job(settings["job_interval"])
        crowd.listen()
    return {"arrivals": dict(list(whole.items())[_WARM_UP:])}


def _leave_the_first_core() -> None:
    """Keep off the core that the pool has."""
    ours = os.sched_getaffinity(0)
    if len(ours) > 1:
        os.sched_setaffinity(0, ours - {min(ours)})


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
            one.setsockopt(socket.SOL_SOCKET, _STAMPS, 1)
            one.send(_LOGIN)
            self._sockets[one.fileno()] = one
            self._poll.register(one, select.EPOLLIN)
            if number % _AT_ONCE == 0:
                self.listen()

    def wait_for_job(self, interval: float) -> None:
        """Sleep until one has begun to come, and for half the interval more: then it is over."""
        while not self._poll.poll(0, 1):
            time.sleep(interval / _LOOKS)
        time.sleep(interval / 2)

    def listen(self) -> None:
        """Read what has come."""
        # Stamps are by the wall clock.
        offset = time.time() - time.monotonic()
        for number, _ in self._poll.poll(0, len(self._sockets)):
            data, stamps, _, _ = self._sockets[number].recvmsg(65_536, 64)
            if not data:
                raise ChildError("the pool closed a connection")
            data = self._unfinished.pop(number, b"") + data
            *lines, rest = data.split(b"\n")
            if rest:
                self._unfinished[number] = rest
            self._note(lines, _seconds(stamps) - offset)

    def arrivals(self) -> dict[str, float]:
        """Return when each job that all have read had arrived at the last one."""
        everybody = len(self._sockets)
        return {job: self._latest[job] for job, n in self._readers.items() if n == everybody}

    def _note(self, lines: list[bytes], arrived: float) -> None:
        for line in lines:
            _, found, rest = line.partition(_NOTIFY)
            if found:
                job = rest[: rest.index(b'"')].decode()
                self._readers[job] += 1
                self._latest[job] = max(arrived, self._latest.get(job, arrived))


def _seconds(stamps: list[tuple[int, int, bytes]]) -> float:
    """Return the system's stamp of the last byte read."""
    for level, kind, data in stamps:
        if (level, kind) == (socket.SOL_SOCKET, _STAMPS):
            seconds, nanoseconds = _TIMESPEC.unpack(data)
            return float(seconds + nanoseconds * 1e-9)
    raise ChildError("the system does not say when bytes arrived (SO_TIMESTAMPNS)")
