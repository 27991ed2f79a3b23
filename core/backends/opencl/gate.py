"""What holds a device back while others need it."""

import threading

from stampmill.core.scan import CancelWord

_LOOK_SECONDS = 0.05


class Gate:
    """Whether a device may work: set by its watcher, asked by its threads before every launch."""

    def __init__(self) -> None:
        self._open = threading.Event()
        self._open.set()

    @property
    def is_open(self) -> bool:
        """Tell whether the device may work."""
        return self._open.is_set()

    def open(self) -> None:
        """Let the device work."""
        self._open.set()

    def close(self) -> None:
        """Have the device stop after its launches, and its memory freed."""
        self._open.clear()

    def wait(self, cancel: CancelWord) -> None:
        """Wait until the device may work, or until cancelled."""
        while not cancel.is_set() and not self._open.wait(_LOOK_SECONDS):
            pass
