"""The two check sums of the BM13xx line."""

from binascii import crc_hqx

_POLYNOMIAL = 0x05  # x^5 + x^2 + 1
_START = 0x1F


def crc5(data: bytes, bits: int | None = None) -> int:
    """Return the CRC5, most significant bit first, over all of the data or its first bits.

    Replies cover three bits of their last byte, and the oldest commands 27 bits in all.
    """
    whole, rest = divmod(8 * len(data) if bits is None else bits, 8)
    register = _START << 3
    for byte in data[:whole]:
        register = _TABLE[register ^ byte]
    if rest:
        register ^= data[whole] & (0xFF << (8 - rest))
        for _ in range(rest):
            register = _shifted(register)
    return register >> 3


def crc16(data: bytes) -> int:
    """Return the CRC16 of job frames: CCITT-FALSE, 0x1021 from 0xffff."""
    return crc_hqx(data, 0xFFFF)


def _shifted(register: int) -> int:
    """Return the register, kept in the upper five of eight bits, after one more zero bit."""
    carry = register & 0x80
    return (register << 1 & 0xFF) ^ (_POLYNOMIAL << 3 if carry else 0)


def _after_byte(register: int) -> int:
    for _ in range(8):
        register = _shifted(register)
    return register


_TABLE = bytes(_after_byte(byte) for byte in range(256))
