"""Register numbers of BM13xx chips, and what to write to them."""

import math

from stampmill.core.errors import EncodingError

CHIP_ID = 0x00
PLL = 0x08
NONCE_OFFSET = 0x0C
SWEEP_LENGTH = 0x10
"""HASH_COUNTING_NUMBER: how long a core sweeps nonces before it goes on to other versions."""
TICKET_MASK = 0x14
MISC_CONTROL = 0x18
CLOCK_ENABLE = 0x20
UART_BAUD = 0x28
UART_RELAY = 0x2C
CORE_MAILBOX = 0x3C
ANALOG_MUX = 0x54
DRIVE_STRENGTH = 0x58
PADS = 0x68
"""Ring-oscillator pads; on the BM1397 the third PLL, which the fast line runs on."""
PLL_DIVIDER = 0x70
CLOCK_ORDER_0 = 0x80
CLOCK_ORDER_1 = 0x84
VERSION_ROLLING = 0xA4
SOFT_RESET = 0xA8
ADC_CONTROL = 0xB9

VERSION_SHIFT = 13
"""A chip's version counter, shifted so far, is what it rolls in the header's version."""
VERSION_BITS = 0xFFFF << VERSION_SHIFT

_ALL_CORES = 1 << 31
_CORE_WRITE = 1 << 15
_ROLL_BY_ITSELF = 0x90000000  # automatic midstates, generation code 1
_ENABLE_OFFSET = 1 << 31
_OFFSETS = 1 << 16


def core_register(register: int, value: int) -> int:
    """Return what to write to the mailbox for a register of every core."""
    return _ALL_CORES | _CORE_WRITE | register << 8 | value


def ticket_bits(difficulty: float) -> int:
    """Return how many zero bits beyond 32 make a ticket of at most this difficulty."""
    if difficulty < 1:
        raise EncodingError(f"a chip's ticket has difficulty 1 or more, not {difficulty:g}")
    return min(int(math.log2(difficulty)), 32)


def ticket_mask(bits: int) -> int:
    """Return the mask for so many zero bits beyond 32: each of its bytes is bit-reversed."""
    mask = ((1 << bits) - 1).to_bytes(4, "big")
    return int.from_bytes(bytes(_REVERSED[byte] for byte in mask), "big")


def bits_of_ticket_mask(value: int) -> int:
    """Return how many zero bits beyond 32 a mask asks for."""
    return value.bit_count()


def version_rolling(version_mask: int) -> int:
    """Return what makes a chip roll the header's version within a pool's mask (BIP 320)."""
    return _ROLL_BY_ITSELF | (version_mask & VERSION_BITS) >> VERSION_SHIFT


def nonce_offset(index: int, chips: int) -> int:
    """Return where the chip with this place in a chain begins its sweep."""
    return _ENABLE_OFFSET | -(-index * _OFFSETS // chips)


_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
