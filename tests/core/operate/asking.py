"""One connection of a client that says something and reads until it is hung up on."""

import asyncio
import contextlib


async def ask(port: int, *parts: bytes, eof: bool = False) -> bytes:
    """Return all that a port says to what comes in these parts."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0.01)
        if eof:
            writer.write_eof()
        return await asyncio.wait_for(reader.read(), 30)
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
