"""Whole emulated boards: what stands behind one port or two."""
