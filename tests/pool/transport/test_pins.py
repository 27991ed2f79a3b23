"""Pins against certificates made by another library, and against bytes that are none."""

import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from stampmill.core.errors import UsageError
from stampmill.pool.transport.pins import (
    CertificateFormatError,
    Pin,
    PinKind,
    parse_pin,
    pins_of,
    public_key_info,
)

from .certificates import certificate, der

KEYS = {
    "ec": lambda: ec.generate_private_key(ec.SECP256R1()),
    "ed25519": ed25519.Ed25519PrivateKey.generate,
    "rsa": lambda: rsa.generate_private_key(65537, 2048),
    "dsa": lambda: dsa.generate_private_key(1024),
}


def self_signed(key, name: str = "pool.example") -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(subject, subject, key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now).not_valid_after(now + timedelta(days=1))
    return builder.sign(key, None if isinstance(key, ed25519.Ed25519PrivateKey) else SHA256())


@pytest.mark.parametrize("kind", KEYS)
def test_the_key_is_found_in_a_certificate_of_each_algorithm(kind: str) -> None:
    key = KEYS[kind]()
    data = self_signed(key).public_bytes(Encoding.DER)
    info = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert public_key_info(data) == info
    assert pins_of(data) == (
        Pin(PinKind.CERTIFICATE, hashlib.sha256(data).digest()),
        Pin(PinKind.PUBLIC_KEY, hashlib.sha256(info).digest()),
    )


def test_a_renewed_certificate_keeps_the_pin_of_its_key_and_no_other() -> None:
    key = KEYS["ec"]()
    first, second = (
        pins_of(self_signed(key, name).public_bytes(Encoding.DER)) for name in ("a", "b" * 60)
    )
    assert first[1] == second[1]
    assert first[0] != second[0]


def test_a_certificate_of_version_1_has_no_version_field() -> None:
    key = KEYS["ed25519"]()
    data = self_signed(key).public_bytes(Encoding.DER)
    version = bytes.fromhex("a003020102")
    assert data.count(version) == 1
    older = data.replace(version, b"")
    # Both sequences around it are five bytes shorter: 30 82 LLLL or 30 81 LL.
    assert older[0] == 0x30
    assert older[1] == 0x81
    assert older[3:5] == b"\x30\x81"
    older = bytes([0x30, 0x81, older[2] - 5, 0x30, 0x81, older[5] - 5]) + older[6:]
    assert public_key_info(older) == public_key_info(data)


REAL = der(certificate("pool.example"))


@given(st.integers(0, len(REAL) - 1))
def test_a_certificate_cut_anywhere_is_none(length: int) -> None:
    with pytest.raises(CertificateFormatError):
        public_key_info(REAL[:length])


@given(st.binary(max_size=300))
def test_no_bytes_do_more_than_fail(data: bytes) -> None:
    with pytest.raises(CertificateFormatError):
        public_key_info(data)


@given(st.integers(0, len(REAL) - 1), st.integers(1, 255))
def test_a_damaged_certificate_never_shows_the_pin_of_the_real_one(at: int, change: int) -> None:
    damaged = REAL[:at] + bytes([REAL[at] ^ change]) + REAL[at + 1 :]
    try:
        pins = pins_of(damaged)
    except CertificateFormatError:
        return
    assert pins[0] != pins_of(REAL)[0]


@pytest.mark.parametrize(
    "data",
    [
        "30820003020101",  # a length in more digits than it needs
        "3080020101",  # indefinite
        "3085000000000302",  # five digits
        "30",
        "",
    ],
)
def test_lengths_that_are_not_der_are_refused(data: str) -> None:
    with pytest.raises(CertificateFormatError):
        public_key_info(bytes.fromhex(data))


def test_bytes_behind_a_certificate_are_refused() -> None:
    with pytest.raises(CertificateFormatError, match="behind"):
        public_key_info(REAL + b"\x00")


HEX = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    "text", [f"cert:{HEX}", f"CERT:{HEX.upper()}", " cert:" + ":".join(["01234567", HEX[8:]]) + " "]
)
def test_a_pin_is_read_in_its_spellings(text: str) -> None:
    assert parse_pin(text) == Pin(PinKind.CERTIFICATE, bytes.fromhex(HEX))
    assert str(parse_pin(text)) == f"cert:{HEX}"


@pytest.mark.parametrize(
    "text",
    ["", HEX, f"sha256:{HEX}", "cert:", f"spki:{HEX}0", f"spki:{HEX[1:]}", f"spki:{HEX[1:]}g"],
)
def test_what_is_no_pin_is_named(text: str) -> None:
    with pytest.raises(UsageError, match="64 hexadecimal digits") as caught:
        parse_pin(text)
    assert repr(text) in str(caught.value)
