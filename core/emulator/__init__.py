"""Emulated devices: the other side of each protocol that our backends speak."""
