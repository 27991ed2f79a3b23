"""An event loop whose clock jumps: where everybody waits, the next timer is due at once.

For tests and soaks of emulated boards: an hour passes in seconds, and every run is the same.
"""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

_Result = TypeVar("_Result")
_POLL_SECONDS = 0.01


class VirtualLoop(asyncio.SelectorEventLoop):
    """Its time starts at 1,000 s and passes only while nothing is ready to run."""

    def __init__(self) -> None:
        self._now = 1000.0
        super().__init__(_JumpingSelector(self._jump))

    def time(self) -> float:
        """Return the virtual time in seconds."""
        return self._now

    def _jump(self, seconds: float) -> None:
        self._now += seconds


def run(main: Coroutine[Any, Any, _Result]) -> _Result:
    """Run a coroutine to its end in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)


class _JumpingSelector(selectors.DefaultSelector):
    def __init__(self, jump: Callable[[float], None]) -> None:
        super().__init__()
        self._jump = jump

    def select(self, timeout: float | None = None) -> list[Any]:
        """Return what is ready; if nothing is, let the time pass that would be waited."""
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None:  # no timer at all: only another thread can go on
            return super().select(_POLL_SECONDS)
        self._jump(max(timeout, 0.0))
        return []
