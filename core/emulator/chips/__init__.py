"""Emulated BM13xx chips and the chain they stand in; no I/O, and time is passed in."""
