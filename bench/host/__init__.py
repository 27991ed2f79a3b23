"""The machine that a measurement runs on: what it is, what it can count, what it does meanwhile."""
