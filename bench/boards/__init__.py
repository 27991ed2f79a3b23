"""What ASIC boards cost, how fast they change jobs, what a long time of faults leaves behind."""
