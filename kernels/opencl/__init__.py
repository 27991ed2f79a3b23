"""The search as OpenCL C."""
