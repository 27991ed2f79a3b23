"""Keeps the service manager told while a run lasts."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from stampmill.core.cli import report
from stampmill.core.operate.desk import Desk
from stampmill.core.operate.service import Notifier, Pulse, status

STATUS_SECONDS = 10.0
_OPENING_SECONDS = 0.1


@asynccontextmanager
async def attended(notifier: Notifier, desk: Desk) -> AsyncIterator[None]:
    """Tell that the run is ready, that it works, and that it ends."""
    if not notifier.wanted:
        yield
        return
    telling = asyncio.create_task(_tell(notifier, desk))
    try:
        yield
    finally:
        notifier.tell(STOPPING=1)
        telling.cancel()
        with suppress(asyncio.CancelledError):
            await telling


async def _tell(notifier: Notifier, desk: Desk) -> None:
    pulse, ready = Pulse(), False
    while True:
        shot = desk.snapshot()
        if shot.devices:
            ready = ready or _say_ready(notifier)
            alive = {"WATCHDOG": 1} if pulse.beats(shot) else {}
            notifier.tell(STATUS=status(shot, report.hashrate(shot.rates.seconds_5)), **alive)
        # Thrice in the time that it waits, so that one late word is no end.
        pause = min(STATUS_SECONDS, (notifier.watchdog or 3 * STATUS_SECONDS) / 3)
        await asyncio.sleep(pause if ready else _OPENING_SECONDS)


def _say_ready(notifier: Notifier) -> bool:
    notifier.tell(READY=1)
    return True
