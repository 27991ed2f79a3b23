"""Kernels to compare, whoever wrote them: found, loaded and run in processes of their own."""
