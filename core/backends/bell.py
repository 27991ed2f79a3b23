"""Wakes the event loop from another thread, with as little in between as there can be."""

import asyncio
import os
import weakref
from collections.abc import Callable


class Bell:
    """Calls a function on the loop soon after it is rung, once for any number of rings.

    asyncio's own way makes an object for each call, and reads its socket until that is empty, all
    while a nonce waits: where Linux has an eventfd, one number is written and read instead. Its
    `file` (-1 without) may be written to directly, while the bell is kept.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, answer: Callable[[], None]) -> None:
        self._loop = loop
        self._answer = answer
        self.file = -1
        if hasattr(os, "eventfd"):
            self.file = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
            # Not in `close`: a thread may still ring.
            weakref.finalize(self, os.close, self.file)
            loop.add_reader(self.file, self._on_ring)

    def ring(self) -> None:
        """Have the function called; raise RuntimeError if the loop is gone. From any thread."""
        if self.file < 0 or self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._answer)
        else:
            os.eventfd_write(self.file, 1)

    def close(self) -> None:
        """Answer no more; on the loop."""
        if self.file >= 0:
            self._loop.remove_reader(self.file)

    def _on_ring(self) -> None:
        os.eventfd_read(self.file)
        self._answer()
