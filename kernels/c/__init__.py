"""The search as C, a file for each vector instruction set; needs the standard library only."""
