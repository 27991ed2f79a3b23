"""What an ELF file tells of itself: which machine it is for, and which compiler made it.

Offsets and numbers are from the System V ABI (gABI, chapters 4 and 5).
"""

import re
import struct
from collections.abc import Iterator

_MAGIC = b"\x7fELF"
_CLASSES = {1: 32, 2: 64}
_MACHINES = {3: "i386", 40: "arm", 62: "x86_64", 183: "aarch64", 21: "ppc64", 243: "riscv"}
_SECTION = struct.Struct("<IIQQQQ")  # the fields of a 64-bit section header that are read here


def is_elf(data: bytes) -> bool:
    """Tell whether this is an ELF file at all."""
    return data.startswith(_MAGIC)


def machine(data: bytes) -> str:
    """Return what the file runs on, as `platform.machine` names it, or its number."""
    order = "<" if data[5] == 1 else ">"
    (number,) = struct.unpack_from(f"{order}H", data, 18)
    return _MACHINES.get(number, f"ELF machine {number}")


def bits(data: bytes) -> int:
    """Return 32 or 64."""
    return _CLASSES.get(data[4], 0)


def compiler(data: bytes) -> str:
    """Return what section .comment says, of several compilers each, or an empty text."""
    texts = section(data, ".comment").decode(errors="replace").split("\0")
    return "; ".join(dict.fromkeys(filter(None, map(str.strip, texts))))


def flags(data: bytes) -> str:
    """Return the flags that gcc's -frecord-gcc-switches leaves, without paths, or nothing."""
    text = section(data, ".GCC.command.line").decode(errors="replace").replace("\0", " ")
    return " ".join(word for word in text.split() if re.match(r"-[^I]", word) and "/" not in word)


def section(data: bytes, name: str) -> bytes:
    """Return a section of a 64-bit little-endian file, or nothing."""
    try:
        return next((body for title, body in _sections(data) if title == name), b"")
    except (struct.error, IndexError):  # cut short
        return b""


def _sections(data: bytes) -> Iterator[tuple[str, bytes]]:
    if not is_elf(data) or bits(data) != 64 or data[5] != 1:
        return
    (table,) = struct.unpack_from("<Q", data, 0x28)
    size, count, names_index = struct.unpack_from("<HHH", data, 0x3A)
    headers = [_SECTION.unpack_from(data, table + number * size) for number in range(count)]
    names = _body(data, headers[names_index])
    for header in headers:
        yield names[header[0] :].split(b"\0", 1)[0].decode(errors="replace"), _body(data, header)


def _body(data: bytes, header: tuple[int, ...]) -> bytes:
    offset, length = header[4:6]
    return data[offset : offset + length]
