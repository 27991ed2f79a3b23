"""Stratum v1 without I/O: bytes in, messages out."""
