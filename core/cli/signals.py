"""Signals to a run: SIGINT and SIGTERM end it, a second one at once; SIGUSR1 and 2 pause it.

SIGHUP makes it read its configuration again, unless it is a terminal that hangs up.
"""

import asyncio
import signal
import sys
from collections.abc import Callable
from contextlib import suppress


def stop_on_signals(stop: Callable[[], None]) -> Callable[[], bool]:
    """Call `stop` on the first signal; return a function that tells whether there was one."""
    received: list[int] = []
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGINT, signal.SIGTERM)

    def on_signal(number: int) -> None:
        received.append(number)
        for handled in numbers:
            loop.remove_signal_handler(handled)
        stop()

    for number in numbers:
        with suppress(NotImplementedError):  # Windows, where Ctrl-C raises KeyboardInterrupt
            loop.add_signal_handler(number, on_signal, number)
    return lambda: bool(received)


def pause_on_signals(pause: Callable[[str], None], resume: Callable[[], None]) -> None:
    """Call `pause`, with the reason, on SIGUSR1, and `resume` on SIGUSR2."""
    loop = asyncio.get_running_loop()
    with suppress(NotImplementedError, AttributeError):  # Windows has neither
        loop.add_signal_handler(signal.SIGUSR1, pause, "SIGUSR1")
        loop.add_signal_handler(signal.SIGUSR2, resume)


def reload_on_signal(reload: Callable[[], None]) -> None:
    """Call `reload` on SIGHUP, if it cannot mean that the terminal is gone."""
    loop = asyncio.get_running_loop()
    if not sys.stderr.isatty():
        with suppress(NotImplementedError, AttributeError):  # Windows has none
            loop.add_signal_handler(signal.SIGHUP, reload)
