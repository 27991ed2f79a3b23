"""ASIC boards on a serial or USB line."""
