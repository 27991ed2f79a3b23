"""The word order of everything that Bitmain's and Icarus' jobs carry."""


def reverse_words(data: bytes) -> bytes:
    """Return the 4-byte words in reverse order, the bytes inside each as they are.

    Both directions are the same: header bytes to the line and back.
    """
    return b"".join(data[at : at + 4] for at in range(len(data) - 4, -4, -4))
