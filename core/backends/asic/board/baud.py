"""Rates of the line: where chips may be, and how they are called back to where all begin."""

from collections.abc import Awaitable, Callable
from contextlib import suppress

from stampmill.core.backends.asic.chip.table import Chip
from stampmill.core.backends.asic.link.errors import PortGoneError
from stampmill.core.backends.asic.link.port import Port
from stampmill.core.backends.asic.link.serial_port import CHIP_BAUD
from stampmill.core.backends.asic.wire.commands import write

BAUDS = (CHIP_BAUD, 1_000_000, 3_125_000, 1_500_000)
"""Where chips may be: as after a reset, or where an earlier run has left them."""

BAUD_PAUSE = 0.06
"""Seconds until a frame has left and the chips have gone over (factory firmware's)."""


async def slow_down(
    port: Port, chip: Chip, rate: int, sleep: Callable[[float], Awaitable[None]]
) -> None:
    """Tell chips that went over to some other rate than this one to come back to the first.

    They may hear us where we do not hear them, or be at the half or the double: it is said at each
    rate that they may have taken. What is said at a wrong one is no frame to them. The port is at
    CHIP_BAUD in the end; raise PortGoneError.
    """
    command = write(chip.baud_register, chip.slow_baud).encode()
    for there in dict.fromkeys((rate, rate // 2, 2 * rate, *BAUDS[1:])):
        with suppress(PortGoneError):  # an adapter may not know the rate; if it is gone, see below
            await port.set_baud(there)
            port.write(command)
            await port.drain()
            await sleep(BAUD_PAUSE)
    await port.set_baud(CHIP_BAUD)
