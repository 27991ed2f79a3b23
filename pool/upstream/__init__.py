"""The client's side of a pool connection without I/O: bytes and time in, events and bytes out."""
