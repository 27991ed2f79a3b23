"""What can be wrong with a port, by what the user can do about it."""

from collections.abc import Sequence

from stampmill.core.backends.base import BackendError
from stampmill.core.errors import NoDeviceError


class NoPortError(NoDeviceError):
    """There is no such port, or nothing answers behind its URL."""


class PortPermissionError(NoDeviceError):
    """The port is there, but not for this user."""

    def __init__(self, port: str) -> None:
        super().__init__(
            f"{port}: no permission; join its group (often 'dialout' or 'uucp': see ls -l {port}) "
            "or add a udev rule, then plug the board in again"
        )


class PortBusyError(NoDeviceError):
    """Another program has the port."""

    def __init__(self, port: str, holders: Sequence[str]) -> None:
        by = ", ".join(holders) or "a program of another user"
        super().__init__(f"{port} is in use by {by}: stop that first")
        self.holders = tuple(holders)


class PortGoneError(BackendError):
    """The port went away while it was open: unplugged, or the host behind it died."""

    def __init__(self, port: str, why: str = "") -> None:
        super().__init__(f"{port} is gone{f' ({why})' if why else ''}: is the board plugged in?")
