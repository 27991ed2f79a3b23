"""An emulated device at the end of a line: what a host writes and reads there; no I/O."""

from collections import Counter
from collections.abc import Callable
from random import Random

from stampmill.core.emulator.device import USB_RATE, Device, Sent, same_baud
from stampmill.core.emulator.line.wire import Chunking, Inbound, Outbound

_REMEMBERED = 256
"""Nonces that may come again: a fault repeats one within seconds."""

Damage = Callable[[bytes], list[bytes]]
"""What becomes of a frame on its way to the host."""


class Emulation:
    """One port of a device. Times are seconds on one clock of the caller's.

    A host that has the port closed is one at 0 baud.

    Where host and device are at different baud rates, the device gets nothing of what the host
    writes, and the host gets garbage. A port that `is_usb` has no line behind it, and no rate.
    """

    def __init__(
        self,
        device: Device,
        *,
        chunking: Chunking = Chunking.FRAMES,
        damage: Damage | None = None,
        garbage: int = 0,
        random: Random | None = None,
        is_usb: bool = False,
    ) -> None:
        self.device = device
        self._is_usb = is_usb
        self._nonces: dict[bytes, str] = {}
        """The latest nonces, and how those are counted that the host has not got."""
        self.counted: Counter[str] = Counter()
        self._damage = damage
        self._random = random or Random(1)  # noqa: S311  it emulates, and repeats itself
        self._in = Inbound()
        self._out = Outbound(chunking, self._random)
        if garbage:
            self._out.push(Sent(0.0, self._random.randbytes(garbage), 1e9))

    @property
    def next_at(self) -> float | None:
        """When something happens that is known already; None: a nonce may come at any time."""
        times = [at for at in (self._in.next_at, self._out.next_at) if at is not None]
        return min(times, default=None)

    @property
    def waiting(self) -> int:
        """How many bytes are on their way to the host."""
        return self._out.waiting

    def host_wrote(self, data: bytes, now: float, baud: float) -> None:
        """Take what the host wrote."""
        self.counted["bytes_in"] += len(data)
        self._in.push(data, now, USB_RATE if self._is_usb else baud)

    def poll(self, now: float, baud: float) -> list[bytes]:
        """Work until now, and return what the host can read since it asked last."""
        for at, data, sent_baud in self._in.pop(now):
            self._advance(at, baud)
            self.device.feed(data, at, sent_baud)
        self._advance(now, baud)
        pieces = self._out.pop(now)
        self.counted["bytes_out"] += sum(map(len, pieces))
        return pieces

    def counters(self) -> dict[str, float]:
        """Return the counts of line and device."""
        return {**self.device.counters(), **self.counted}

    def _advance(self, now: float, baud: float) -> None:
        self.device.advance(now)
        for sent in self.device.sent():
            pieces = self._on_the_line(sent, baud)
            for data in pieces:
                self._out.push(sent._replace(data=data))
            # A fragment that is repeated in front of a frame leaves that whole.
            arrives = any(sent.data in piece for piece in pieces)
            if sent.is_nonce:
                self.counted["nonces_arrived"] += arrives
            if sent.is_right:
                self._account(sent.data, baud, arrives=arrives)

    def _account(self, nonce: bytes, baud: float, *, arrives: bool) -> None:
        """Count a nonce that the host has no copy of, be it sent once or several times."""
        before = self._nonces.pop(nonce, None)
        self.counted["nonces_right"] += before is None
        if before is None and not arrives:
            self._nonces[nonce] = "nonces_damaged" if baud else "nonces_unheard"
            self.counted[self._nonces[nonce]] += 1
        elif before and arrives:
            self.counted[before] -= 1
            self._nonces[nonce] = ""
        else:
            self._nonces[nonce] = before or ""
        if len(self._nonces) > _REMEMBERED:
            self._nonces.pop(next(iter(self._nonces)))

    def _on_the_line(self, sent: Sent, baud: float) -> list[bytes]:
        """Return what becomes of a frame before the host has it."""
        if not (self._is_usb or same_baud(baud, sent.baud)):
            self.counted["garbled"] += 1
            return [self._random.randbytes(len(sent.data))]
        return [sent.data] if self._damage is None else self._damage(sent.data)
