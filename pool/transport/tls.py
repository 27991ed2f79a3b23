"""TLS to a pool: whom to trust, and in words what is wrong with a certificate."""

import asyncio
import ssl
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Generic, TypeVar

from stampmill.core.errors import UsageError
from stampmill.pool.transport.faults import ConnectError, ConnectFault, reason
from stampmill.pool.transport.pins import CertificateFormatError, Pin, pins_of

_P = TypeVar("_P", bound=asyncio.BaseProtocol)


class Tls:
    """How a pool proves who it is: by the system's CAs, a CA file's, or pins and nothing else.

    Raises UsageError for a file without readable CA certificates, and for contradictions.
    """

    def __init__(
        self, pins: Iterable[Pin] = (), ca_file: Path | None = None, *, insecure: bool = False
    ) -> None:
        self.pins = frozenset(pins)
        self.ca_file = ca_file
        self.insecure = insecure
        if sum((bool(self.pins), ca_file is not None, insecure)) > 1:
            raise UsageError("tls-pin, tls-ca and tls-insecure exclude each other: give one")
        self.context = _context(ca_file, verified=not (self.pins or insecure))

    def __str__(self) -> str:
        if self.insecure:
            return "not verified"
        if self.pins:
            return " or ".join(sorted(map(str, self.pins)))
        return "the system's CAs" if self.ca_file is None else f"the CAs of {self.ca_file}"

    def check(self, certificate: bytes | None) -> None:
        """Raise ConnectError unless a certificate (DER) meets a pin, if there are any."""
        if not self.pins:
            return
        try:
            shown = pins_of(certificate or b"")
        except CertificateFormatError as error:
            text = f"the pool's certificate cannot be read: {error}"
            raise ConnectError(text, ConnectFault.PIN_MISMATCH) from error
        if self.pins.isdisjoint(shown):
            text = "the pool shows {} = {}, which no pin (tls-pin) allows".format(*shown)
            raise ConnectError(text, ConnectFault.PIN_MISMATCH)


class Gate(asyncio.Protocol, Generic[_P]):
    """Stands in a protocol's place until the certificate is checked: so nothing is sent before."""

    def __init__(self, tls: Tls, factory: Callable[[], _P]) -> None:
        self._tls = tls
        self._factory = factory
        self._passed: _P | None = None
        self._refusal: ConnectError | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Make the protocol and step aside, or hang up."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  what asyncio gives for TLS
        try:
            peer = transport.get_extra_info("ssl_object")
            self._tls.check(peer.getpeercert(binary_form=True))
        except ConnectError as error:
            self._refusal = error
            transport.abort()
            return
        self._passed = self._factory()
        transport.set_protocol(self._passed)
        self._passed.connection_made(transport)

    def result(self) -> _P:
        """Return the protocol; raise ConnectError if the certificate was refused."""
        if self._refusal is not None:
            raise self._refusal
        assert self._passed is not None  # noqa: S101  asyncio returns after connection_made
        return self._passed


def handshake_error(error: Exception, host: str) -> ConnectError:
    """Return what went wrong in a handshake with a host, and what to do about it."""
    if isinstance(error, ssl.SSLCertVerificationError):
        text = _certificate_texts(host).get(error.verify_code)
        text = text or _UNTRUSTED.format(host=host, why=error.verify_message)
        return ConnectError(text, ConnectFault.CERTIFICATE_REFUSED)
    if isinstance(error, ssl.SSLError) and error.reason in _NOT_TLS:
        text = "no TLS at this port: use its stratum+tcp:// address, or the pool's port for TLS"
    elif isinstance(error, ConnectionError):
        text = "the pool hung up in the TLS handshake: is this its port for TLS?"
    else:
        text = f"the TLS handshake failed: {reason(error)}"
    return ConnectError(text, ConnectFault.TLS_FAILED)


_NOT_TLS = {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNEXPECTED_MESSAGE", "PACKET_LENGTH_TOO_LONG"}

_UNTRUSTED = (
    "nobody trusted here vouches for the certificate of {host} ({why}): "
    "name its CA (tls-ca) or pin it (tls-pin)"
)


def _certificate_texts(host: str) -> dict[int, str]:
    """Return texts by OpenSSL's X509_V_ERR codes (x509_vfy.h)."""
    another = (
        f"the certificate is not made out to {host}: use the name that it has, or pin it (tls-pin)"
    )
    return {
        9: f"the certificate of {host} is not valid yet: check this machine's clock",
        10: f"the certificate of {host} has expired: check this machine's clock, tell the pool, "
        "or pin it (tls-pin)",
        62: another,
        64: another,
    }


def _context(ca_file: Path | None, *, verified: bool) -> ssl.SSLContext:
    if not verified:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    try:
        return ssl.create_default_context(cafile=ca_file)
    except ssl.SSLError:
        raise UsageError(f"tls-ca {ca_file}: expected certificates in PEM") from None
    except OSError as error:
        raise UsageError(f"tls-ca {ca_file}: cannot be read: {reason(error)}") from None
