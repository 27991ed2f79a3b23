"""Damage to frames on their way to the host."""

from collections import Counter
from collections.abc import Callable
from random import Random

from stampmill.core.backends.asic.wire.crc import crc5
from stampmill.core.backends.asic.wire.replies import TO_HOST
from stampmill.core.emulator.faults.catalogue import Faults, Name


class ReplyDamage:
    """Does to each frame what the faults say, each at its own rate, and counts it."""

    def __init__(self, faults: Faults, random: Random, counted: Counter[str]) -> None:
        self._chosen = [
            (name, act, faults.values[name]) for name, act in _ACTS.items() if name in faults.values
        ]
        self._random = random
        self._counted = counted

    def __call__(self, frame: bytes) -> list[bytes]:
        """Return what arrives instead of a frame."""
        frames = [frame]
        for name, act, one_in in self._chosen:
            if self._random.random() * max(one_in, 1) < 1:
                self._counted[name.value] += 1
                frames = act(frames, self._random)
        return frames


def _lose(frames: list[bytes], random: Random) -> list[bytes]:
    frame = frames[-1]
    count = random.randrange(1, min(10, len(frame)) + 1)
    at = random.randrange(len(frame) - count + 1)
    return [*frames[:-1], frame[:at] + frame[at + count :]]


def _double(frames: list[bytes], random: Random) -> list[bytes]:
    """Repeat a fragment, as ESP-Miner issue 1820 saw it."""
    frame = frames[-1]
    at = random.randrange(1, len(frame))
    length = random.randrange(1, at + 1)
    return [*frames[:-1], frame[:at] + frame[at - length :]]


def _flip(frames: list[bytes], random: Random) -> list[bytes]:
    frame = bytearray(frames[-1])
    frame[random.randrange(len(frame))] ^= 1 << random.randrange(8)
    return [*frames[:-1], bytes(frame)]


def _spoil_crc(frames: list[bytes], random: Random) -> list[bytes]:
    frame = frames[-1]
    return [*frames[:-1], frame[:-1] + bytes((frame[-1] ^ random.randrange(1, 32),))]


def _forge(frames: list[bytes], random: Random) -> list[bytes]:
    body = random.randbytes(len(frames[-1]) - 3)
    kind = 4 << 5
    crc = crc5(body + bytes((kind,)), 8 * len(body) + 3)
    return [TO_HOST + body + bytes((kind | crc,)), *frames]


_ACTS: dict[Name, Callable[[list[bytes], Random], list[bytes]]] = {
    Name.FORGED: _forge,
    Name.FLIPPED_BIT: _flip,
    Name.WRONG_CRC: _spoil_crc,
    Name.DOUBLED_BYTES: _double,
    Name.LOST_BYTES: _lose,
}
