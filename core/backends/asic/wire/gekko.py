"""Commands to the second UART of GekkoScience's A1 and A2: two bytes each (cgminer)."""

VERSION = b"?v"
REGULATOR_ON = b"BO"
REGULATOR_OFF = b"B-"
MEASURE = b"G."
