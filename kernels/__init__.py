"""Kernels that are not C, and what will generate them; imports nothing of stampmill."""
