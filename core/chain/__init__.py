"""Bitcoin's own arithmetic: hash, header, merkle tree, coinbase, target."""
