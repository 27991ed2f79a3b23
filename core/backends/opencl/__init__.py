"""The `opencl` backend: GPUs, and CPUs that have an OpenCL runtime."""
