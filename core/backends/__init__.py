"""Backends: what takes work and reports nonces."""
