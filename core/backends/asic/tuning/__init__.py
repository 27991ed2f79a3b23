"""Finds the clock and the core voltage at which a board does best, within its limits."""
