"""What a host does on the control port, step by step, as data: whoever owns the port performs it.

The unit tests, the guardian and the documents read the same lists.
"""

from dataclasses import dataclass

from stampmill.core.backends.asic.control.requests import (
    I2cWrite,
    I2cWriteRead,
    Request,
)


@dataclass(frozen=True, slots=True)
class Ask:
    """Send a request; the reply's data has to be one of `accepts`, if that says anything.

    With `prefix` it only has to begin so. `what` names the thing in the error.
    """

    what: str
    request: Request
    accepts: tuple[bytes, ...] = ()
    prefix: bool = False


@dataclass(frozen=True, slots=True)
class SetBits:
    """Read a register of one byte, set bits, write it back."""

    what: str
    address: int
    register: int
    bits: int


@dataclass(frozen=True, slots=True)
class ExpectClear:
    """Read a word (low byte first); none of `bits` may be set."""

    what: str
    address: int
    register: int
    bits: int


@dataclass(frozen=True, slots=True)
class Pause:
    """Let time pass, in seconds."""

    seconds: float


Step = Ask | SetBits | ExpectClear | Pause


def write(what: str, address: int, register: int, data: bytes = b"") -> Ask:
    """Write a register."""
    return Ask(what, I2cWrite(address, bytes([register]) + data))


def read(address: int, register: int, count: int) -> I2cWriteRead:
    """Return the request that reads a register."""
    return I2cWriteRead(address, bytes([register]), count)


def check(what: str, address: int, register: int, *accepts: bytes, prefix: bool = False) -> Ask:
    """Read a register that has to hold one of these values."""
    return Ask(what, read(address, register, len(accepts[0])), accepts, prefix)
