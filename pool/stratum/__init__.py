"""Stratum v1 without I/O: bytes in, typed events out, bytes to send; both sides of the wire."""
