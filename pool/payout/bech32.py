"""Segwit addresses: bech32 for witness version 0 (BIP173), bech32m from version 1 on (BIP350)."""

from collections.abc import Iterable
from dataclasses import dataclass

from stampmill.core.errors import EncodingError

_CHARSET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_VALUES = {letter: value for value, letter in enumerate(_CHARSET)}
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)

BECH32 = 1
BECH32M = 0x2BC830A3
"""What the checksum's polynomial leaves over: tells the two encodings apart (BIP350)."""

_CHECKSUM = 6
_LONGEST = 90


@dataclass(frozen=True, slots=True)
class WitnessAddress:
    """A network's human-readable part, the witness version, and the program it guards."""

    prefix: str
    version: int
    program: bytes


def decode_address(text: str) -> WitnessAddress:
    """Return what a segwit address says; raise EncodingError with the reason if it is none."""
    prefix, values, constant = decode(text)
    if not values:
        raise EncodingError("it holds nothing")
    version, program = values[0], _to_bytes(values[1:])
    if version > 16:
        raise EncodingError(f"there is no witness version {version}")
    if constant != (BECH32 if version == 0 else BECH32M):
        raise EncodingError(f"witness version {version} is not written in this encoding")
    if not 2 <= len(program) <= 40 or (version == 0 and len(program) not in {20, 32}):
        raise EncodingError(f"a program of {len(program)} bytes has no meaning in it")
    return WitnessAddress(prefix, version, program)


def encode_address(address: WitnessAddress) -> str:
    """Return the text of a segwit address."""
    values = [address.version, *_to_groups(address.program)]
    constant = BECH32 if address.version == 0 else BECH32M
    stem = [*_expanded(address.prefix), *values]
    rest = _polymod([*stem, *[0] * _CHECKSUM]) ^ constant
    checksum = [rest >> 5 * (_CHECKSUM - 1 - place) & 31 for place in range(_CHECKSUM)]
    return f"{address.prefix}1{''.join(_CHARSET[value] for value in (*values, *checksum))}"


def decode(text: str) -> tuple[str, list[int], int]:
    """Return prefix, five-bit values and the constant of a checksummed string.

    Raise EncodingError if it is neither bech32 nor bech32m.
    """
    _check_letters(text)
    prefix, separator, data = text.lower().rpartition("1")
    if not separator or not prefix or len(data) < _CHECKSUM:
        raise EncodingError("it has no prefix, or no room for a checksum")
    wrong = next((letter for letter in data if letter not in _VALUES), None)
    if wrong is not None:
        raise EncodingError(f"{wrong!r} is no letter of bech32")
    values = [_VALUES[letter] for letter in data]
    constant = _polymod([*_expanded(prefix), *values])
    if constant not in {BECH32, BECH32M}:
        raise EncodingError("its checksum does not fit: a letter is wrong or missing")
    return prefix, values[:-_CHECKSUM], constant


def _check_letters(text: str) -> None:
    if len(text) > _LONGEST:
        raise EncodingError(f"no segwit address has {len(text)} letters")
    if any(not 33 <= ord(letter) <= 126 for letter in text):
        raise EncodingError("it holds something that is no letter")
    if text.lower() != text and text.upper() != text:
        raise EncodingError("small and capital letters are mixed")


def _polymod(values: Iterable[int]) -> int:
    checksum = 1
    for value in values:
        top = checksum >> 25
        checksum = (checksum & 0x1FFFFFF) << 5 ^ value
        for place, generator in enumerate(_GENERATOR):
            checksum ^= generator if top >> place & 1 else 0
    return checksum


def _expanded(prefix: str) -> list[int]:
    letters = [ord(letter) for letter in prefix]
    return [*(letter >> 5 for letter in letters), 0, *(letter & 31 for letter in letters)]


def _to_groups(data: bytes) -> list[int]:
    """Return the bits in groups of five, the last one filled up with zeros."""
    padding = -len(data) * 8 % 5
    number, count = int.from_bytes(data, "big") << padding, (len(data) * 8 + padding) // 5
    return [number >> 5 * (count - 1 - place) & 31 for place in range(count)]


def _to_bytes(values: list[int]) -> bytes:
    number = 0
    for value in values:
        number = number << 5 | value
    size, padding = divmod(len(values) * 5, 8)
    if padding > 4 or number & (1 << padding) - 1:
        raise EncodingError("the bits behind its last byte are not zeros, or too many")
    return (number >> padding).to_bytes(size, "big")
