"""Flags of one subject each: they import nothing that a run needs."""
