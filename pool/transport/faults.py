"""Why no connection came about, by name and in words."""

import errno
import os
import re
import socket
import ssl
from enum import Enum

from stampmill.core.errors import StampmillError


class ConnectFault(Enum):
    """The named reasons; each attempt that fails does so under one of them."""

    NAME_UNKNOWN = "name-unknown"
    UNREACHABLE = "unreachable"
    TIMED_OUT = "connect-timed-out"
    EGRESS_REFUSED = "egress-refused"
    PROXY_UNREACHABLE = "proxy-unreachable"
    PROXY_REFUSED = "proxy-refused"
    PROXY_TIMED_OUT = "proxy-timed-out"
    TLS_FAILED = "tls-failed"
    TLS_TIMED_OUT = "tls-timed-out"
    CERTIFICATE_REFUSED = "certificate-refused"
    PIN_MISMATCH = "pin-mismatch"


class ConnectError(StampmillError):
    """No connection came about; the text is the reason in words, one line with its cure."""

    def __init__(self, text: str, fault: ConnectFault = ConnectFault.UNREACHABLE) -> None:
        super().__init__(text)
        self.fault = fault


class EgressRefusedError(ConnectError):
    """Somebody wanted a connection to a place that the user does not allow."""

    def __init__(self, text: str) -> None:
        super().__init__(text, ConnectFault.EGRESS_REFUSED)


def reason(error: Exception) -> str:
    """Return in words why there is no connection, or no longer one."""
    if isinstance(error, socket.gaierror | UnicodeError):
        return "name not known"
    if isinstance(error, ssl.SSLError):
        return f"TLS: {(error.reason or 'broken off').replace('_', ' ').lower()}"
    if not isinstance(error, OSError):
        return str(error)
    number = error.errno or _errno_in(str(error))
    if number == errno.ECONNREFUSED:
        return "connection refused"
    return os.strerror(number).lower() if number else str(error)


def _errno_in(text: str) -> int | None:
    """Find the reason when several addresses failed: all of them stand in one text."""
    found = re.search(r"\[Errno (\d+)\]", text)
    return int(found[1]) if found else None
