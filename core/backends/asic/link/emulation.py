"""What an emulator of ours tells the driver that a real board would not have to."""

import json
from dataclasses import dataclass
from pathlib import Path

from stampmill.core.backends.asic.link.serial_port import is_pseudo_terminal


@dataclass(frozen=True, slots=True)
class Emulation:
    """An emulated board: chips that report hashes of fewer zero bits, at a rate of their own.

    `zero_bits` stands in for the 32 that silicon insists on. `hashrate` is the whole board's at its
    usual clock, in hashes per second; None: what the clock makes it. `kind` is what `stampmill
    emulate` calls the board, `serial` the number it would show on USB.
    """

    zero_bits: int = 32
    hashrate: float | None = None
    kind: str | None = None
    serial: str | None = None


def emulation_of(path: str) -> Emulation | None:
    """Return what the file beside an emulator's link says, None for a real port.

    It is read only where the port is a pseudo-terminal, so that no file can talk the driver of a
    real board into anything.
    """
    if "://" in path or not is_pseudo_terminal(path):
        return None
    try:
        told = json.loads(Path(f"{path}.json").read_text(encoding="utf-8"))
        zero_bits, hashrate = int(told.get("zero_bits", 32)), told.get("hashrate")
        kind, serial = told.get("kind"), told.get("serial")
    except (OSError, ValueError, TypeError, AttributeError):
        return Emulation()
    rate = float(hashrate) if hashrate else None
    return Emulation(
        min(max(zero_bits, 0), 32),
        rate,
        str(kind) if kind else None,
        str(serial) if serial else None,
    )
