import asyncio
import builtins
import fcntl
import os
import pty
import subprocess
import sys
import termios
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from stampmill.core.backends.asic.link.errors import (
    NoPortError,
    PortBusyError,
    PortGoneError,
    PortPermissionError,
)
from stampmill.core.backends.asic.link.port import Port
from stampmill.core.backends.asic.link.serial_port import open_port
from stampmill.core.errors import ExitCode, MissingExtraError, StampmillError


class Device:
    """The far side of a pseudo-terminal."""

    def __init__(self) -> None:
        self.master, slave = pty.openpty()
        self.path = os.ttyname(slave)
        os.close(slave)

    def unplug(self) -> None:
        if self.master >= 0:
            os.close(self.master)
            self.master = -1

    @property
    def speed(self) -> int:
        return int(termios.tcgetattr(self.master)[5])


@asynccontextmanager
async def connected() -> AsyncIterator[tuple[Device, Port]]:
    device = Device()
    port = await open_port(device.path)
    try:
        yield device, port
    finally:
        await port.close()
        device.unplug()


def test_bytes_go_both_ways_unchanged() -> None:
    every_byte = bytes(range(256))

    async def run() -> None:
        async with connected() as (device, port):
            port.write(every_byte)
            await port.drain()
            assert os.read(device.master, 1000) == every_byte
            os.write(device.master, every_byte)
            received = b""
            while len(received) < 256:
                received += await port.read()
            assert received == every_byte

    asyncio.run(run())


def test_the_rate_of_the_line_changes_and_what_came_before_is_forgotten() -> None:
    async def run() -> None:
        async with connected() as (device, port):
            assert (port.baud, device.speed) == (115_200, termios.B115200)
            os.write(device.master, b"garbage")
            await has_come(port)
            await port.set_baud(1_000_000)
            assert (port.baud, device.speed) == (1_000_000, termios.B1000000)
            os.write(device.master, b"new")
            assert await port.read() == b"new"

    asyncio.run(run())


async def has_come(port: Any) -> None:
    """Wait until the system has handed over what the far side wrote, without reading it."""
    while not port._receiver._data:  # noqa: ASYNC110
        await asyncio.sleep(0.001)


def test_a_second_opening_names_the_holder() -> None:
    async def run() -> None:
        async with connected() as (device, _):
            with pytest.raises(PortBusyError) as caught:
                await open_port(device.path)
            assert f"(pid {os.getpid()})" in str(caught.value)
            assert device.path in str(caught.value)
            assert caught.value.exit_code is ExitCode.NO_DEVICE

    asyncio.run(run())


def test_a_lock_of_another_program_is_named() -> None:
    code = (
        "import fcntl, os, sys; fd = os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY);"
        "fcntl.flock(fd, fcntl.LOCK_EX); print(flush=True); sys.stdin.read()"
    )

    device = Device()
    command = [sys.executable, "-c", code, device.path]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        with pytest.raises(PortBusyError) as caught:
            opened(device.path)
        assert f"(pid {other.pid})" in str(caught.value)
        other.communicate()
    device.unplug()


def test_closing_gives_the_port_back_and_may_be_repeated() -> None:
    async def run() -> None:
        device = Device()
        for _ in range(3):
            port = await open_port(device.path)
            await port.close()
            await port.close()
        device.unplug()

    asyncio.run(run())


def test_unplugged_while_reading_ends_the_stream() -> None:
    async def run() -> None:
        async with connected() as (device, port):
            os.write(device.master, b"last")
            assert await port.read() == b"last"
            reading = asyncio.create_task(port.read())
            await asyncio.sleep(0)
            device.unplug()
            assert await asyncio.wait_for(reading, 5) == b""
            assert await port.read() == b""
            for use in (port.drain(), port.set_baud(1_000_000)):
                with pytest.raises(PortGoneError, match=device.path):
                    await use

    asyncio.run(run())


def test_unplugged_in_mid_write_is_said_once_it_is_known() -> None:
    async def run() -> None:
        async with connected() as (device, port):
            device.unplug()
            with pytest.raises(PortGoneError, match="is the board plugged in"):
                await write_on(port)

    asyncio.run(run())


async def write_on(port: Port) -> None:
    for _ in range(1000):
        port.write(bytes(88))
        await asyncio.sleep(0)


def test_a_flood_is_held_back_and_nothing_of_it_is_lost() -> None:
    flood = bytes(range(250)) * 4000

    async def run() -> None:
        async with connected() as (device, port):
            writing = asyncio.create_task(asyncio.to_thread(_write_all, device.master, flood))
            await asyncio.sleep(0.1)
            received = bytearray()
            while len(received) < len(flood):
                received += await asyncio.wait_for(port.read(), 5)
            await writing
            assert bytes(received) == flood

    asyncio.run(run())


def _write_all(fd: int, data: bytes) -> None:
    while data:
        data = data[os.write(fd, data) :]


def opened(url: str) -> Port:
    return asyncio.run(open_port(url))


def test_no_such_port_is_named() -> None:
    with pytest.raises(NoPortError, match="no port '/dev/ttyNONE0': `stampmill devices`"):
        opened("/dev/ttyNONE0")


def test_what_is_no_terminal_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"")
    with pytest.raises(NoPortError, match=str(path)):
        opened(str(path))


def test_no_permission_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    device = Device()
    real_open = os.open

    def refusing(path: Any, *rest: Any, **named: Any) -> int:
        if path == device.path:
            raise PermissionError(13, "Permission denied")
        return real_open(path, *rest, **named)

    monkeypatch.setattr(os, "open", refusing)
    with pytest.raises(PortPermissionError, match="no permission; join its group"):
        opened(device.path)
    device.unplug()


def test_without_the_extra_its_name_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    real_import = builtins.__import__

    def failing(name: str, *rest: Any) -> Any:
        if name == "serialx":
            raise ImportError(name)
        return real_import(name, *rest)

    monkeypatch.setattr(builtins, "__import__", failing)
    with pytest.raises(MissingExtraError, match=r"stampmill\[serial\]"):
        opened("/dev/ttyACM0")


@pytest.mark.parametrize("url", ["nonsense://host:1", "socket://127.0.0.1:1", "socket://nowhere"])
def test_a_url_that_leads_nowhere_is_named(url: str) -> None:
    with pytest.raises(StampmillError, match=url):
        opened(url)


def test_a_board_on_another_host_is_reached_by_socket() -> None:
    async def run() -> None:
        async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write((await reader.read(100)).upper())
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(echo, "127.0.0.1", 0)
        host, tcp_port = server.sockets[0].getsockname()
        port = await open_port(f"socket://{host}:{tcp_port}")
        port.write(b"over the net")
        await port.drain()
        assert await asyncio.wait_for(port.read(), 5) == b"OVER THE NET"
        assert await asyncio.wait_for(port.read(), 5) == b""
        await port.close()
        server.close()
        await server.wait_closed()

    asyncio.run(run())


def test_our_lock_keeps_others_out() -> None:
    async def run() -> None:
        async with connected() as (device, _):
            fd = os.open(device.path, os.O_RDWR | os.O_NOCTTY)
            with pytest.raises(BlockingIOError):
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.close(fd)

    asyncio.run(run())
