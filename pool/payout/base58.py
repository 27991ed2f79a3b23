"""Base58Check, the form of the older addresses (Bitcoin Wiki, "Base58Check encoding")."""

from stampmill.core.chain.sha256d import sha256d
from stampmill.core.errors import EncodingError

_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_VALUES = {letter: value for value, letter in enumerate(_ALPHABET)}
_CHECKSUM = 4
_LONGEST = 120
"""Far above any address; decoding takes time by the square of the length."""


def decode_check(text: str) -> bytes:
    """Return the bytes in front of the checksum; raise EncodingError if it does not fit."""
    data = _decode(text)
    body, checksum = data[:-_CHECKSUM], data[-_CHECKSUM:]
    if not body or sha256d(body)[:_CHECKSUM] != checksum:
        raise EncodingError("its checksum does not fit: a letter is wrong or missing")
    return body


def encode_check(body: bytes) -> str:
    """Return the text of the bytes with their checksum."""
    data = body + sha256d(body)[:_CHECKSUM]
    number, letters = int.from_bytes(data, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        letters = _ALPHABET[digit] + letters
    zeros = len(data) - len(data.lstrip(b"\x00"))
    return "1" * zeros + letters


def _decode(text: str) -> bytes:
    if len(text) > _LONGEST:
        raise EncodingError(f"no address has {len(text)} letters")
    number = 0
    for letter in text:
        if letter not in _VALUES:
            raise EncodingError(f"{letter!r} is no letter of base58")
        number = number * 58 + _VALUES[letter]
    # Each leading 1 is a zero byte, which the number cannot show.
    zeros = len(text) - len(text.lstrip("1"))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")
