"""Stratum v1 on the wire, without I/O: framing, typed messages, and the server's reading side."""
