"""The pool side: Stratum v1 in both directions, the client, the server, the embedded chain."""
