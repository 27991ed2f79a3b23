"""SHA-256d reference: slow and obviously right (FIPS 180-4).

Every kernel is compared with this module, and every nonce is verified by it. Digests are 32 bytes
in the order SHA-256 emits them, which is also the order in which a header holds hashes.
"""

import struct
from collections.abc import Sequence
from hashlib import sha256

from stampmill.core.errors import EncodingError

MASK32 = 0xFFFFFFFF

# FIPS 180-4 section 4.2.2: cube roots of the first 64 primes.
ROUND_CONSTANTS = (
    0x428A2F98, 0x71374491, 0xB5C0FBCF, 0xE9B5DBA5, 0x3956C25B, 0x59F111F1, 0x923F82A4, 0xAB1C5ED5,
    0xD807AA98, 0x12835B01, 0x243185BE, 0x550C7DC3, 0x72BE5D74, 0x80DEB1FE, 0x9BDC06A7, 0xC19BF174,
    0xE49B69C1, 0xEFBE4786, 0x0FC19DC6, 0x240CA1CC, 0x2DE92C6F, 0x4A7484AA, 0x5CB0A9DC, 0x76F988DA,
    0x983E5152, 0xA831C66D, 0xB00327C8, 0xBF597FC7, 0xC6E00BF3, 0xD5A79147, 0x06CA6351, 0x14292967,
    0x27B70A85, 0x2E1B2138, 0x4D2C6DFC, 0x53380D13, 0x650A7354, 0x766A0ABB, 0x81C2C92E, 0x92722C85,
    0xA2BFE8A1, 0xA81A664B, 0xC24B8B70, 0xC76C51A3, 0xD192E819, 0xD6990624, 0xF40E3585, 0x106AA070,
    0x19A4C116, 0x1E376C08, 0x2748774C, 0x34B0BCB5, 0x391C0CB3, 0x4ED8AA4A, 0x5B9CCA4F, 0x682E6FF3,
    0x748F82EE, 0x78A5636F, 0x84C87814, 0x8CC70208, 0x90BEFFFA, 0xA4506CEB, 0xBEF9A3F7, 0xC67178F2,
)  # fmt: skip

# FIPS 180-4 section 5.3.3: square roots of the first 8 primes.
INITIAL_STATE = (
    0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19,
)  # fmt: skip

State = tuple[int, ...]
"""The eight words a..h."""


def sha256d(data: bytes) -> bytes:
    """Return SHA-256(SHA-256(data))."""
    return sha256(sha256(data).digest()).digest()


def midstate(first_block: bytes) -> State:
    """Return the eight state words a..h after one 64-byte block from the initial state."""
    if len(first_block) != 64:
        raise EncodingError(f"a midstate is made of 64 bytes, not {len(first_block)}")
    return compress(INITIAL_STATE, struct.unpack(">16I", first_block))


def compress(state: Sequence[int], block: Sequence[int]) -> State:
    """Return the state after one block of 16 big-endian words."""
    schedule = list(block)
    for t in range(16, 64):
        sigma0 = _xor_rotations(schedule[t - 15], 7, 18) ^ schedule[t - 15] >> 3
        sigma1 = _xor_rotations(schedule[t - 2], 17, 19) ^ schedule[t - 2] >> 10
        schedule.append(schedule[t - 16] + sigma0 + schedule[t - 7] + sigma1 & MASK32)
    a, b, c, d, e, f, g, h = state
    for constant, word in zip(ROUND_CONSTANTS, schedule, strict=True):
        choice = (e & f) ^ (~e & g)
        majority = (a & b) ^ (a & c) ^ (b & c)
        t1 = h + _xor_rotations(e, 6, 11, 25) + choice + constant + word
        t2 = _xor_rotations(a, 2, 13, 22) + majority
        a, b, c, d, e, f, g, h = t1 + t2 & MASK32, a, b, c, d + t1 & MASK32, e, f, g
    after = (a, b, c, d, e, f, g, h)
    return tuple(x + y & MASK32 for x, y in zip(state, after, strict=True))


def _xor_rotations(word: int, *counts: int) -> int:
    result = 0
    for count in counts:
        result ^= word >> count | word << 32 - count & MASK32
    return result
