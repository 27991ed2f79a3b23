"""A kernel as a Python function: read bench/KERNELS.md first."""

from hashlib import sha256


def scan(header: bytes, target: bytes, first: int, end: int) -> list[int]:
    """Hash by hashlib, the header's first 64 bytes once."""
    bound = target[::-1]
    middle = sha256(header[:64])
    found = []
    for nonce in range(first, end):
        inner = middle.copy()
        inner.update(header[64:] + nonce.to_bytes(4, "little"))
        if sha256(inner.digest()).digest()[::-1] <= bound:
            found.append(nonce)
    return found
