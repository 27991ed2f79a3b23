"""The server's side of TLS: its certificate, and the pins that its miners may use for it."""

import ssl
from pathlib import Path

from stampmill.core.errors import UsageError
from stampmill.pool.transport.faults import reason
from stampmill.pool.transport.pins import CertificateFormatError, pins_of


class ServerCertificate:
    """A certificate chain and its key, in PEM; without a key file it stands in the same file.

    Raises UsageError for files that cannot be read or do not belong together.
    """

    def __init__(self, certificate: Path, key: Path | None = None) -> None:
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        try:
            self.context.load_cert_chain(certificate, key, password=_no_password)
            first = _first_certificate(certificate)
            self.pins = pins_of(first)
        except ssl.SSLError as error:
            why = (error.reason or "unreadable").replace("_", " ").lower()
            raise UsageError(f"{_named(certificate, key)}: {why}") from error
        except OSError as error:
            raise UsageError(f"{_named(certificate, key)}: {reason(error)}") from error
        except (ValueError, CertificateFormatError) as error:
            raise UsageError(f"{_named(certificate, key)}: {error}") from error

    def __str__(self) -> str:
        return " = ".join(map(str, self.pins))


_BEGIN, _END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"


def _first_certificate(path: Path) -> bytes:
    """Return the server's own certificate, which comes first, in DER."""
    text = path.read_text(encoding="ascii", errors="replace")
    begin = text.index(_BEGIN)
    return ssl.PEM_cert_to_DER_cert(text[begin : text.index(_END, begin) + len(_END)])


def _named(certificate: Path, key: Path | None) -> str:
    return f"tls-cert {certificate}" if key is None else f"tls-cert {certificate}, tls-key {key}"


def _no_password() -> str:
    # Else OpenSSL would ask at the terminal, and wait for ever where there is none.
    raise UsageError("the key is encrypted: give one without a passphrase")
