"""Ports by serialx: devices, `socket://` and `rfc2217://` on another host."""

import asyncio
import os
from types import ModuleType
from typing import Any

from stampmill.core.backends.asic.link.errors import (
    NoPortError,
    PortBusyError,
    PortGoneError,
    PortPermissionError,
)
from stampmill.core.backends.asic.link.holders import lock_holders, open_holders
from stampmill.core.backends.asic.link.port import Port
from stampmill.core.errors import MissingExtraError

CHIP_BAUD = 115_200
"""What every board's chips begin with, within half a percent."""

_READ_AHEAD = 65_536


async def open_port(url: str, baud: int = CHIP_BAUD) -> Port:
    """Open a device path or URL for this process alone.

    Raise NoPortError, PortBusyError, PortPermissionError or MissingExtraError.
    """
    serialx = _serialx()
    if "://" not in url:
        _refuse_shared(url)
    receiver = _Receiver()
    try:
        transport, _ = await serialx.create_serial_connection(
            asyncio.get_running_loop(), lambda: receiver, url, baudrate=baud, exclusive=True
        )
    except PermissionError as error:
        raise PortPermissionError(url) from error
    except BlockingIOError as error:
        raise PortBusyError(url, lock_holders(url)) from error
    except OSError as error:
        if lock_holders(url):  # serialx turns a failed lock into EBUSY without a name
            raise PortBusyError(url, lock_holders(url)) from error
        raise NoPortError(f"{url}: {error.strerror or error}") from error
    except (serialx.SerialException, ValueError) as error:
        raise NoPortError(f"{url}: {error}") from error
    return _SerialPort(url, baud, transport, receiver)


def _serialx() -> ModuleType:
    try:
        # An extra, which those who mine on CPUs need not have.
        import serialx  # noqa: PLC0415
    except ImportError as error:
        raise MissingExtraError("a board on a serial line", "serial") from error
    return serialx


def _refuse_shared(path: str) -> None:
    """Raise PortBusyError if another program has a real port open, even without a lock."""
    if not os.path.exists(path):
        raise NoPortError(f"no port '{path}': `stampmill devices` lists the boards")
    # An emulator has its own pseudo-terminal open, as it must.
    if not is_pseudo_terminal(path) and (holders := open_holders(path)):
        raise PortBusyError(path, holders)


def is_pseudo_terminal(path: str) -> bool:
    """Tell whether a path leads to a pseudo-terminal, perhaps by a link."""
    return os.path.realpath(path).startswith("/dev/pts/")


class _Receiver(asyncio.Protocol):
    """Keeps what comes in until it is read; lets the system hold back a flood."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._news = asyncio.Event()
        self._transport: Any = None
        self.gone = False
        self.why = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._data += data
        self._news.set()
        if len(self._data) > _READ_AHEAD:
            self._transport.pause_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self.gone = True
        self.why = "" if exc is None else str(exc)
        self._news.set()

    async def read(self) -> bytes:
        while not self._data and not self.gone:
            self._news.clear()
            await self._news.wait()
        return self._take()

    def discard(self) -> None:
        self._take()

    def _take(self) -> bytes:
        data = bytes(self._data)
        self._data.clear()
        if len(data) > _READ_AHEAD and not self.gone:
            self._transport.resume_reading()
        return data


class _SerialPort:
    """A Port on a transport of serialx."""

    def __init__(self, name: str, baud: int, transport: Any, receiver: _Receiver) -> None:
        self.name = name
        self.baud = baud
        self._transport = transport
        self._receiver = receiver

    async def read(self) -> bytes:
        return await self._receiver.read()

    def write(self, data: bytes) -> None:
        self._check()
        try:
            self._transport.write(data)
        except Exception as error:  # whatever the platform's driver raises
            raise PortGoneError(self.name, str(error)) from error
        self._check()

    async def drain(self) -> None:
        self._check()
        try:
            await self._transport.flush()
        except Exception as error:
            raise PortGoneError(self.name, str(error)) from error
        self._check()

    async def set_baud(self, baud: int) -> None:
        self._check()
        try:
            await self._transport.reconfigure_port(baudrate=baud)
        except Exception as error:
            raise PortGoneError(self.name, str(error)) from error
        self.baud = baud
        self._receiver.discard()

    async def close(self) -> None:
        # Not `close`, which would wait for a stuck line to take what is still to be sent.
        self._transport.abort()
        await self._transport.wait_closed()

    def _check(self) -> None:
        if self._receiver.gone or self._transport.is_closing():
            raise PortGoneError(self.name, self._receiver.why)
