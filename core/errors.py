"""Typed errors and the exit code that each one means."""

from enum import IntEnum


class ExitCode(IntEnum):
    """What a `stampmill` process tells its caller."""

    DONE = 0
    FAILURE = 1
    USAGE = 2
    NO_DEVICE = 3
    NO_POOL = 4
    VERIFICATION = 5
    REGRESSION = 6
    INTERRUPTED = 130


class StampmillError(Exception):
    """Base of every error that a user may see; its text is one clear line."""

    exit_code = ExitCode.FAILURE


class UsageError(StampmillError):
    """An option, variable or configuration key is wrong."""

    exit_code = ExitCode.USAGE


class NoDeviceError(StampmillError):
    """No backend, kernel or board can do what was asked."""

    exit_code = ExitCode.NO_DEVICE


class MissingExtraError(NoDeviceError):
    """A feature needs a package that an extra would install."""

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(f"{feature} needs the extra '{extra}': pip install 'stampmill[{extra}]'")
        self.extra = extra


class NoPoolError(StampmillError):
    """No pool took us within the allowed retries."""

    exit_code = ExitCode.NO_POOL


class VerificationError(StampmillError):
    """A kernel or board produced a result that a recomputation denies."""

    exit_code = ExitCode.VERIFICATION


class RegressionError(StampmillError):
    """A benchmark came out slower than the comparison allows."""

    exit_code = ExitCode.REGRESSION


class EncodingError(StampmillError, ValueError):
    """A value does not fit the field of the header, transaction or message it is meant for."""


class ScanRequestError(StampmillError, ValueError):
    """A scan was asked for with an impossible range, version count or buffer."""
