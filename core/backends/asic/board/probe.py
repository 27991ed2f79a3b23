"""What answers at a port that says nothing of itself: asked only where a user names it.

The first questions change nothing: a register read, which chips answer and a bridge drops, and a
pin read, which a bridge answers and chips pass over. What answers neither is given work that every
driver of Icarus boards begins with.
"""

import asyncio
from collections.abc import Awaitable, Callable

from stampmill.core.backends.asic.board.icarus import (
    ICARUS,
    RELATIVES,
    ask_golden,
    solves_golden,
)
from stampmill.core.backends.asic.board.inquiry import Inquiry
from stampmill.core.backends.asic.chip import registers
from stampmill.core.backends.asic.chip.table import by_id
from stampmill.core.backends.asic.control.replies import detect_variant
from stampmill.core.backends.asic.control.requests import GpioGet, encode_request
from stampmill.core.backends.asic.link.emulation import emulation_of
from stampmill.core.backends.asic.link.port import Port
from stampmill.core.backends.asic.link.serial_port import open_port
from stampmill.core.backends.asic.wire.commands import read
from stampmill.core.backends.asic.wire.icarus import WORK_SIZE
from stampmill.core.errors import NoDeviceError

ANSWER_SECONDS = 0.5

_PACKET_ID = 0x2A


async def probe(path: str, opener: Callable[[str], Awaitable[Port]] = open_port) -> str:
    """Return what answers there, in words, after two seconds at most.

    Raise NoDeviceError if it cannot be opened, or nothing answers.
    """
    port = await opener(path)
    try:
        found = await _chips(port) or await _bridge(port) or await _works(port, path)
    finally:
        await port.close()
    if not found:
        raise NoDeviceError(
            f"{path}: nothing answers: neither BM13xx chips nor a bitaxe-raw control port, nor an "
            "Icarus or Block Erupter; a board without power is silent too"
        )
    return found


async def _chips(port: Port) -> str:
    replies = await Inquiry(port).read(registers.CHIP_ID)
    ids = [reply.value >> 16 for reply in replies]
    if not ids:
        return ""
    chip = by_id(ids[0])
    name = chip.name if chip is not None else f"an unknown chip with id {ids[0]:04x}"
    return f"{len(ids)} x {name}"


async def _bridge(port: Port) -> str:
    """Ask for the level of pin 0."""
    port.write(encode_request(_PACKET_ID, GpioGet(0)))
    heard = b""
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            while data := await port.read():
                heard += data
                if variant := detect_variant(_PACKET_ID, heard):
                    return f"the control port of a bitaxe-raw bridge, replies {variant.value}"
    except TimeoutError:
        pass
    return ""


async def _works(port: Port, path: str) -> str:
    """Ask for the nonce of the golden work, behind what makes the questions before a whole work.

    Such boards have no frames: they count on works of one length.
    """
    port.write(bytes(WORK_SIZE - _asked_bytes()))
    await port.drain()
    told = emulation_of(path)
    rate, zero_bits = (told.hashrate, told.zero_bits) if told else (None, 32)
    _, answer = await ask_golden(port, rate or ICARUS.rate)
    if not solves_golden(answer, zero_bits):
        return ""
    if told is None and len(answer) in RELATIVES:
        return f"{RELATIVES[len(answer)]}, which is not supported"
    return "an Icarus or Block Erupter: -d asic:PATH --asic-board icarus, or erupter"


def _asked_bytes() -> int:
    """Return how many bytes of a work the questions were for a board that takes them for one."""
    return len(read(registers.CHIP_ID).encode()) + len(encode_request(_PACKET_ID, GpioGet(0)))
