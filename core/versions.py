"""The versions of a header that rolling bits make, each known by its index."""

from collections.abc import Sequence
from typing import overload


class RolledVersions(Sequence[int]):
    """Versions by index: an index's bits are spread over the free ones, the lowest first.

    The free bits are those that the version leaves unset. No version is stored, and whether one
    belongs to them is told at once.
    """

    __slots__ = ("_bits", "_indices", "_mask", "_version")

    def __init__(self, version: int, bits: tuple[int, ...], indices: range) -> None:
        self._version = version
        self._bits = bits
        self._mask = sum(bits)
        self._indices = indices

    def __len__(self) -> int:
        return len(self._indices)

    @overload
    def __getitem__(self, index: int) -> int: ...
    @overload
    def __getitem__(self, index: slice) -> "RolledVersions": ...
    def __getitem__(self, index: int | slice) -> "int | RolledVersions":
        if isinstance(index, slice):
            return RolledVersions(self._version, self._bits, self._indices[index])
        return self._version | _spread(self._indices[index], self._bits)

    def __contains__(self, version: object) -> bool:
        if not isinstance(version, int) or version & ~self._mask != self._version:
            return False
        return _gathered(version, self._bits) in self._indices

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, RolledVersions):
            return NotImplemented
        return self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __repr__(self) -> str:
        return f"RolledVersions({self._version:#x}, mask {self._mask:#x}, {self._indices})"

    def _key(self) -> tuple[int, int, range]:
        return self._version, self._mask, self._indices


def _spread(index: int, bits: tuple[int, ...]) -> int:
    return sum(bit for place, bit in enumerate(bits) if index >> place & 1)


def _gathered(version: int, bits: tuple[int, ...]) -> int:
    """Return the index of a version: what `_spread` spread."""
    return sum(1 << place for place, bit in enumerate(bits) if version & bit)
