"""How hard the nonces should be that a board reports."""

import math

from stampmill.core.backends.asic.board.base import Facts

_DIFFICULTY_OF_32_BITS = 65535 / 65536 * (1 - 2**-50)

# Often enough to measure each chip within minutes, rare enough for any line and host.
_PER_CHIP = 1.0
_PER_BOARD = 50.0
# 4.4 kB/s, of the 11.5 kB/s that the slowest line takes.
_MOST = 400.0


def usual_bits(facts: Facts) -> int:
    """Return the zero bits beyond the board's own that make a good rate of replies."""
    return _bits_for_rate(facts, min(facts.chips * _PER_CHIP, _PER_BOARD))


def bits_for(facts: Facts, target: int) -> int:
    """Return the bits to ask for while nonces that meet a target are worth sending.

    That is fewer than usual where the target is easy, but never so few that the replies choke the
    line: then some shares stay with the board.
    """
    worth_sending = 256 - target.bit_length() - facts.zero_bits
    return max(min(usual_bits(facts), worth_sending), _bits_for_rate(facts, _MOST))


def difficulty(facts: Facts, bits: int) -> float:
    """Return the difficulty of so many zero bits: a little easier than a power of two.

    Difficulty 1 is 0xffff * 2**208, chips count bits. It is rounded to the easy side, so that its
    target takes every hash that the board reports.
    """
    return _DIFFICULTY_OF_32_BITS * 2.0 ** (facts.zero_bits + bits - 32)


def interval(facts: Facts, bits: int) -> float:
    """Return the mean seconds from one nonce of the whole board to the next."""
    return float(2.0 ** (facts.zero_bits + bits) / facts.hashrate)


def _bits_for_rate(facts: Facts, per_second: float) -> int:
    bits = math.ceil(math.log2(max(facts.hashrate / per_second, 1.0))) - facts.zero_bits
    return min(max(bits, 0), facts.max_ticket_bits)
