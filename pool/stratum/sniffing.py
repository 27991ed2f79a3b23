"""Telling TLS and HTTP from Stratum by the first bytes."""

import re

_TLS_RECORDS = frozenset((0x15, 0x16))  # alert and handshake (RFC 8446 section 5.1)
_HTTP = re.compile(rb"([A-Z]{3,10} \S* )?HTTP/\d")


def is_tls(first: bytes) -> bool:
    """Tell whether a stream that starts so is TLS; a byte is enough."""
    return first[0] in _TLS_RECORDS


def is_http(line: bytes) -> bool:
    """Tell whether a first line is an HTTP request or response."""
    return _HTTP.match(line) is not None
