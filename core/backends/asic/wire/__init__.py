"""What goes over the line, both directions: bytes in, frames out; no I/O."""
