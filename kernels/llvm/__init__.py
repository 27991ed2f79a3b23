"""The search as LLVM IR, and Numba compiling and running it."""
