"""Certificates of every kind, made for a test."""

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

DAY = timedelta(days=1)


@cache
def authority() -> trustme.CA:
    """Return a CA that nobody trusts unless told to."""
    return trustme.CA()


def server_context(*names: str, expired: bool = False, later: bool = False) -> ssl.SSLContext:
    """Return the server's side of TLS with a certificate of that CA."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate(*names, expired=expired, later=later).configure_cert(context)
    return context


def certificate(*names: str, expired: bool = False, later: bool = False) -> trustme.LeafCert:
    now = datetime.now(UTC)
    return authority().issue_cert(
        *(names or ("127.0.0.1", "localhost")),
        not_before=now + DAY if later else now - 3 * DAY,
        not_after=now - DAY if expired else now + 3 * DAY,
    )


def der(leaf: trustme.LeafCert) -> bytes:
    pem = leaf.cert_chain_pems[0].bytes()
    return x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)


@dataclass(frozen=True)
class Served:
    """A certificate with its server context and DER bytes."""

    context: ssl.SSLContext
    der: bytes


def served(*names: str) -> Served:
    leaf = certificate(*names)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    leaf.configure_cert(context)
    return Served(context, der(leaf))


def ca_file(folder: Path) -> Path:
    path = folder / "ca.pem"
    authority().cert_pem.write_to_path(str(path))
    return path
