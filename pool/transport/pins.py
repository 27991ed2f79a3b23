"""Pins: SHA-256 of a certificate, or of the public key inside it, that a pool must show."""

import hashlib
import re
from dataclasses import dataclass
from enum import Enum

from stampmill.core.errors import UsageError


class PinKind(Enum):
    """What is hashed: the whole certificate, or its public key, which a renewal may keep."""

    CERTIFICATE = "cert"
    PUBLIC_KEY = "spki"


@dataclass(frozen=True, slots=True)
class Pin:
    """A SHA-256 that a certificate, or its SubjectPublicKeyInfo, must have; both are hashed in DER.

    So `spki` is the hash that HPKP (RFC 7469) has, in hexadecimal.
    """

    kind: PinKind
    digest: bytes

    def __str__(self) -> str:
        return f"{self.kind.value}:{self.digest.hex()}"


class CertificateFormatError(ValueError):
    """Bytes that are no X.509 certificate."""


_PIN = re.compile(r"(cert|spki):([0-9a-f]{64})")


def parse_pin(text: str) -> Pin:
    """Read `cert:HEX` or `spki:HEX`, colons between the digits allowed; raise UsageError."""
    kind, _, digits = text.strip().lower().partition(":")
    found = _PIN.fullmatch(f"{kind}:{digits.replace(':', '')}")
    if found is None:
        form = "cert: or spki: and the 64 hexadecimal digits of a SHA-256"
        raise UsageError(f"tls-pin {text!r}: expected {form}")
    return Pin(PinKind(found[1]), bytes.fromhex(found[2]))


def pins_of(certificate: bytes) -> tuple[Pin, Pin]:
    """Return both pins that a certificate (DER) meets; raise CertificateFormatError."""
    return (
        Pin(PinKind.CERTIFICATE, hashlib.sha256(certificate).digest()),
        Pin(PinKind.PUBLIC_KEY, hashlib.sha256(public_key_info(certificate)).digest()),
    )


def public_key_info(certificate: bytes) -> bytes:
    """Return the SubjectPublicKeyInfo of a certificate (DER), whole; raise CertificateFormatError.

    RFC 5280, section 4.1: Certificate and TBSCertificate are sequences; in the second the key
    stands behind an optional version, serial number, algorithm, issuer, validity and subject.
    """
    whole = _element(certificate, 0, _SEQUENCE)
    if whole.end != len(certificate):
        raise CertificateFormatError("bytes behind the certificate")
    part = _element(certificate, whole.content, _SEQUENCE)
    inner = certificate[: part.end]
    at = part.content
    if inner[at : at + 1] == _VERSION:
        at = _element(inner, at, _VERSION).end
    for tag in (_INTEGER, _SEQUENCE, _SEQUENCE, _SEQUENCE, _SEQUENCE):
        at = _element(inner, at, tag).end
    return inner[at : _element(inner, at, _SEQUENCE).end]


_INTEGER, _SEQUENCE, _VERSION = b"\x02", b"\x30", b"\xa0"


@dataclass(frozen=True, slots=True)
class _Element:
    """Where an element's content begins, and where the element ends."""

    content: int
    end: int


def _element(data: bytes, at: int, tag: bytes) -> _Element:
    """Find the element at an offset, in definite length as DER has it (X.690, section 10.1)."""
    if data[at : at + 1] != tag or at + 2 > len(data):
        raise CertificateFormatError(f"no element {tag.hex()} at byte {at}")
    length, content = data[at + 1], at + 2
    if length & 0x80:
        digits = length & 0x7F
        length = int.from_bytes(data[content : content + digits], "big")
        content += digits
        if not 1 <= digits <= 4 or length < max(0x80, 1 << 8 * (digits - 1)):
            raise CertificateFormatError(f"a length that is not DER at byte {at}")
    if content + length > len(data):
        raise CertificateFormatError(f"the element at byte {at} is cut off")
    return _Element(content, content + length)
