"""What messages share that carry nothing."""

from typing import ClassVar, Self

from stampmill.pool.stratum.drops import Drop
from stampmill.pool.stratum.json_line import Json


class WithoutParameters:
    """Writes no parameters, and reads any."""

    __slots__ = ()

    DROP: ClassVar[Drop] = Drop.BAD_PARAMETERS

    def params(self) -> list[Json]:
        """Return nothing."""
        return []

    @classmethod
    def from_params(cls, params: list[Json]) -> Self:
        """Accept whatever is there."""
        del params
        return cls()
