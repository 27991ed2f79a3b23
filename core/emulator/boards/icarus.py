"""Emulated Icarus and Block Erupter: 64 bytes in, 4 bytes out, no frames and no check sums."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from random import Random

from stampmill.core import native
from stampmill.core.backends.asic.wire.icarus import GOLDEN_WORK
from stampmill.core.backends.asic.wire.words import reverse_words
from stampmill.core.emulator.device import Sent
from stampmill.core.emulator.faults.catalogue import NO_FAULTS, Name
from stampmill.core.emulator.faults.works import Reported, WorkFaults
from stampmill.core.errors import NoDeviceError

if native.available():
    from stampmill.core.native_sweep import Sweep

WORK_SIZE = 64
_STATE = slice(0, 32)
_FILL = slice(32, 52)
_TAIL = slice(52, 64)
_BAUD = 115_200.0
_SLICE = 1 << 17
"""Steps to search before a look at whether it has stopped."""

# Cairnsmore: bytes 32 to 35 are check, data, command and this prefix; data is MHz / 2.5.
_PREFIX, _SPEED, _CHECK = 0xB7, 0, 0xB7 ^ 0x6D
_DEFAULT_SPEED = 72
_SPEEDS = range(40, 89)


@dataclass(frozen=True, slots=True)
class IcarusOptions:
    """What is emulated. `rate` is hashes per second of all parts together.

    `division` is the number of parts, a power of two, that search at the same time. With
    `goes_on` it searches on behind a nonce, as Block Erupters do. `resets_after`: seconds of
    silence after which part of a work is forgotten, None: never.
    """

    rate: float
    zero_bits: int = 32
    division: int = 1
    goes_on: bool = False
    resets_after: float | None = None


class EmulatedIcarus:
    """A `Device`. New work at any time begins anew; at the end of its range it idles, silently."""

    baud = _BAUD

    def __init__(self, options: IcarusOptions, faults: WorkFaults | None = None) -> None:
        if not native.available():
            raise NoDeviceError(f"an emulated board hashes in C, and {native.why_unavailable()}")
        self.options = options
        self._faults = faults or WorkFaults(NO_FAULTS, Random(1), Counter())  # noqa: S311
        self.works = self.nonces = self.hashes = 0
        self._speed = _DEFAULT_SPEED
        self._buffer = b""
        self._golden = False
        """The work is a question whose answer is known: what it gives, no host counts as nonces."""
        self._last_byte = self._at = 0.0
        self._sweep: Sweep | None = None
        self._done = 0.0
        self._sent: list[Sent] = []

    @property
    def rate(self) -> float:
        """Hashes per second at the present clock."""
        return self.options.rate * self._speed / _DEFAULT_SPEED

    def feed(self, data: bytes, now: float, baud: float) -> None:  # noqa: ARG002  one speed
        """Take bytes of work: there is nothing but their number to tell where one begins."""
        self.advance(now)
        patience = self.options.resets_after
        if patience is not None and now - self._last_byte > patience:
            self._buffer = b""
        self._last_byte = now
        self._buffer += data
        while len(self._buffer) >= WORK_SIZE:
            work, self._buffer = self._buffer[:WORK_SIZE], self._buffer[WORK_SIZE:]
            if not self._is_command(work) and not self._faults.loses(work):
                self._send(now, self._faults.new_work())
                self._begin(work)

    def advance(self, now: float) -> None:
        """Hash until now."""
        self._faults.tick(now, self.lose_power)
        begin, self._at = self._at, max(self._at, now)
        if self._sweep is None or now <= begin:
            return
        end = min(self._done + (now - begin) * self.rate, float(1 << 32))
        while self._sweep is not None and self._done < end:
            start, self._done = self._done, min(self._done + _SLICE, end)
            self._hash(self._sweep, int(start), begin)
            begin += (self._done - start) / self.rate

    def strike(self, name: Name, now: float) -> None:  # noqa: ARG002
        """Let a stall or a brown-out happen now."""
        self._faults.strike(name, self.lose_power)

    def lose_power(self, now: float = 0.0) -> None:  # noqa: ARG002  as a board is unplugged
        """Forget the work, and what has come of the next one."""
        self._sweep = None
        self._buffer = b""

    def sent(self) -> list[Sent]:
        """Return the nonces since the last call."""
        sent, self._sent = self._sent, []
        return sent

    def counters(self) -> dict[str, float]:
        """Return what was counted."""
        return {
            "jobs": self.works,
            "nonces": self.nonces,
            "hashes": self.hashes,
            "nonces_withheld": self._faults.withheld,
            "partial_bytes": len(self._buffer),
        }

    def _hash(self, sweep: "Sweep", first: int, begin: float) -> None:
        for step, word, _slot, _digest in sweep.run(first, int(self._done)):
            self._found(begin + (step + 1 - first) / self.rate, word)
            if not self.options.goes_on:
                self._sweep = None
                self.hashes += step + 1 - first
                return
        self.hashes += int(self._done) - first

    def _begin(self, work: bytes) -> None:
        shift = 32 - (self.options.division - 1).bit_length()
        self.works += 1
        self._done = 0.0
        self._golden = work == GOLDEN_WORK
        self._sweep = Sweep(
            [reverse_words(work[_STATE])], reverse_words(work[_TAIL]),
            zero_bits=self.options.zero_bits, cores=self.options.division,
            shift=shift % 32, start=0, counter_mask=(1 << shift) - 1,
        )  # fmt: skip

    def _found(self, at: float, word: int) -> None:
        self.nonces += 1
        self._send(at, self._faults.nonces(word.to_bytes(4, "big")))

    def _send(self, at: float, reported: Iterable[Reported]) -> None:
        for one in reported:
            is_nonce = not self._golden
            is_right = one.is_right and is_nonce
            self._sent.append(Sent(at, one.nonce, self.baud, is_nonce, is_right))

    def _is_command(self, work: bytes) -> bool:
        """Obey a Cairnsmore's command, which changes its speed, never its hashes."""
        check, data, command, prefix = work[_FILL][:4]
        if prefix != _PREFIX or check != data ^ command ^ _CHECK:
            return False
        if command == _SPEED and data in _SPEEDS:
            self._speed = data
        return True
