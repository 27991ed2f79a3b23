"""The pool's end of the line: TCP and TLS connections, and how many there may be."""
