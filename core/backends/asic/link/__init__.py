"""The line to a board: a serial port here, or on another host."""
