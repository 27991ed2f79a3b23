"""Sweeps over the generator's own parameters: each point is built, proved and timed."""
