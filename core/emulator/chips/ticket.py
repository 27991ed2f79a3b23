"""When a chip reports a hash, and how it says how good the hash is."""


def selected_bits(value: int) -> int:
    """Return what register 0x14 selects, bit 0 being the first behind the leading zero bits."""
    selected = 0
    for shift in range(0, 32, 8):
        byte = value >> shift & 0xFF
        selected |= int(f"{byte:08b}"[::-1], 2) << shift
    return selected


def leading_zeros(digest: bytes) -> int:
    """Return the zero bits in front of a hash, as explorers print it."""
    return 256 - int.from_bytes(digest, "little").bit_length()


def passes(digest: bytes, zero_bits: int, selected: int) -> bool:
    """Tell whether a hash is reported: its zero bits, and the selected ones behind them, are clear.

    The test is bitwise, not a comparison.
    """
    number = int.from_bytes(digest, "little")
    if number >> (256 - zero_bits):
        return False
    behind = number >> (256 - zero_bits - 32) & 0xFFFFFFFF
    return not behind & int(f"{selected:032b}"[::-1], 2)


def certain_zeros(selected: int) -> int:
    """Return how many bits from the first on are all selected: what a search can go by."""
    return (~selected & (selected + 1)).bit_length() - 1
