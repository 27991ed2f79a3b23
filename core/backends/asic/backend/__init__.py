"""A board as a backend: work to it, nonces from it, and never silently idle."""
