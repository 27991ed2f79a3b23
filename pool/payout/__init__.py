"""Payout addresses: which script a coinbase pays, and on which chains that is meant."""
