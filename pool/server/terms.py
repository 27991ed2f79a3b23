"""What one connection has agreed with the server: extranonces, version bits, workers."""

import re
from dataclasses import dataclass

from stampmill.pool.server.options import PoolOptions
from stampmill.pool.stratum.answers import ConfigureResult
from stampmill.pool.stratum.fields import FieldError, read_difficulty
from stampmill.pool.stratum.requests import Configure

MAX_WORKERS = 16
"""Names that one connection may authorize."""


@dataclass(frozen=True, slots=True)
class Extranonces:
    """The bytes that tell a connection apart, and how many it may choose itself."""

    extranonce1: bytes
    extranonce2_size: int


class MinerTerms:
    """Grants what a miner asks for, as far as the server's options go."""

    __slots__ = ("_asked_mask", "extranonces", "subscribed", "takes_extranonces", "workers")

    def __init__(self, extranonces: Extranonces) -> None:
        self.extranonces = extranonces
        self.subscribed = False
        self.takes_extranonces = False
        """Whether it understands `mining.set_extranonce`."""
        self.workers: set[str] = set()
        self._asked_mask: int | None = None

    @property
    def rolls_versions(self) -> bool:
        """Whether it ever asked to."""
        return self._asked_mask is not None

    def version_mask(self, allowed: int) -> int:
        """Return the bits that it may roll where the server allows these."""
        return allowed & (self._asked_mask or 0)

    def configure(self, request: Configure, options: PoolOptions, allowed: int) -> ConfigureResult:
        """Return what is granted of a request; whether its minimum fits is the vardiff's."""
        asked = request.version_mask is not None
        if asked:
            self._asked_mask = request.version_mask
        self.takes_extranonces |= request.subscribe_extranonce
        return ConfigureResult(
            version_mask=(self.version_mask(allowed) or None) if asked else None,
            minimum_difficulty=(
                None if request.minimum_difficulty is None else options.fixed_difficulty is None
            ),
            subscribe_extranonce=True if request.subscribe_extranonce else None,
            info=True if request.info else None,
        )

    def authorize(self, user: str) -> bool:
        """Take a worker's name in; return False if it is empty or there are too many."""
        if not user or (user not in self.workers and len(self.workers) >= MAX_WORKERS):
            return False
        self.workers.add(user)
        return True


_DIFFICULTY_OPTION = re.compile(r"(?:^|[,; ])d(?:iff)?=([0-9][0-9.eE+-]*)")


def difficulty_option(password: str) -> float | None:
    """Return the difficulty that a password such as `d=512` asks for."""
    found = _DIFFICULTY_OPTION.search(password)
    try:
        return None if found is None else read_difficulty(found[1])
    except FieldError:
        return None
