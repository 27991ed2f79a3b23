"""The Stratum v1 server, embedded or alone."""
