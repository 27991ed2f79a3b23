"""OpenCL devices: tuned where they are, and their kernels counted where they are not."""
