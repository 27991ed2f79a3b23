"""A regtest chain in memory: templates out, blocks in."""
