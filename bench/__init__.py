"""Benchmarks of kernels and of the whole path."""
