"""What a server sends unasked, and the few things it asks a client."""

import struct
from dataclasses import dataclass
from typing import ClassVar, Self

from stampmill.pool.stratum.drops import Drop
from stampmill.pool.stratum.empty import WithoutParameters
from stampmill.pool.stratum.fields import (
    MAX_BRANCH,
    MAX_COINBASE,
    MAX_EXTRANONCE1,
    MAX_EXTRANONCE2,
    FieldError,
    at,
    read_difficulty,
    read_flag,
    read_hash,
    read_hex,
    read_int,
    read_job_id,
    read_list,
    read_optional_text,
    read_text,
    read_u32_hex,
)
from stampmill.pool.stratum.json_line import Json, printable

MAX_SHOWN_TEXT = 200
MAX_RECONNECT_WAIT = 60.0

_BIG_ENDIAN_WORDS = struct.Struct(">8I")
_LITTLE_ENDIAN_WORDS = struct.Struct("<8I")


def swap_words(hash_bytes: bytes) -> bytes:
    """Return 32 bytes with the bytes of each 4-byte word reversed; its own inverse.

    `mining.notify` carries the previous hash that way, and nothing else does.
    """
    return _BIG_ENDIAN_WORDS.pack(*_LITTLE_ENDIAN_WORDS.unpack(hash_bytes))


@dataclass(frozen=True, slots=True)
class Notify:
    """A job. `previous_hash` and the branch are in header order: the wire's swap ends here.

    `clean` is the flag as sent; a client judges by the previous hash as well.
    """

    METHOD: ClassVar[str] = "mining.notify"
    DROP: ClassVar[Drop] = Drop.BAD_JOB

    job_id: str
    previous_hash: bytes
    coinbase1: bytes
    coinbase2: bytes
    merkle_branch: tuple[bytes, ...]
    version: int
    nbits: int
    ntime: int
    clean: bool

    def params(self) -> list[Json]:
        """Return the nine parameters."""
        return [
            self.job_id,
            swap_words(self.previous_hash).hex(),
            self.coinbase1.hex(),
            self.coinbase2.hex(),
            [entry.hex() for entry in self.merkle_branch],
            f"{self.version:08x}",
            f"{self.nbits:08x}",
            f"{self.ntime:08x}",
            self.clean,
        ]

    @classmethod
    def from_params(cls, params: list[Json]) -> Self:
        """Read a job within our bounds, with or without its flag; raise FieldError."""
        coinbase1 = read_hex(at(params, 2), MAX_COINBASE)
        coinbase2 = read_hex(at(params, 3), MAX_COINBASE - len(coinbase1))
        branch = read_list(at(params, 4))
        if len(branch) > MAX_BRANCH:
            raise FieldError(f"more than {MAX_BRANCH} merkle branch entries")
        return cls(
            read_job_id(at(params, 0)),
            swap_words(read_hash(at(params, 1))),
            coinbase1,
            coinbase2,
            tuple(read_hash(entry) for entry in branch),
            read_u32_hex(at(params, 5)),
            read_u32_hex(at(params, 6)),
            read_u32_hex(at(params, 7)),
            read_flag(at(params, 8)),
        )


@dataclass(frozen=True, slots=True)
class SetDifficulty:
    """The share difficulty from the next job on."""

    METHOD: ClassVar[str] = "mining.set_difficulty"
    DROP: ClassVar[Drop] = Drop.BAD_DIFFICULTY

    difficulty: float

    def params(self) -> list[Json]:
        """Return the number, as an integer where it is one."""
        return [int(self.difficulty) if self.difficulty.is_integer() else self.difficulty]

    @classmethod
    def from_params(cls, params: list[Json]) -> Self:
        """Read a number or its string, above zero and possible to meet; raise FieldError."""
        return cls(read_difficulty(at(params, 0)))


@dataclass(frozen=True, slots=True)
class SetExtranonce:
    """Another extranonce1 and extranonce2 size, from the next job on."""

    METHOD: ClassVar[str] = "mining.set_extranonce"
    DROP: ClassVar[Drop] = Drop.BAD_EXTRANONCE

    extranonce1: bytes
    extranonce2_size: int

    def params(self) -> list[Json]:
        """Return hex and size."""
        return [self.extranonce1.hex(), self.extranonce2_size]

    @classmethod
    def from_params(cls, params: list[Json]) -> Self:
        """Read both; raise FieldError."""
        extranonce1 = read_hex(at(params, 0), MAX_EXTRANONCE1)
        return cls(extranonce1, read_int(at(params, 1), MAX_EXTRANONCE2))


@dataclass(frozen=True, slots=True)
class SetVersionMask:
    """The bits that may be rolled, from now on and for jobs already out."""

    METHOD: ClassVar[str] = "mining.set_version_mask"
    DROP: ClassVar[Drop] = Drop.BAD_VERSION_MASK

    mask: int

    def params(self) -> list[Json]:
        """Return eight hex digits."""
        return [f"{self.mask:08x}"]

    @classmethod
    def from_params(cls, params: list[Json]) -> Self:
        """Read the mask; raise FieldError."""
        return cls(read_u32_hex(at(params, 0)))


@dataclass(frozen=True, slots=True)
class Reconnect:
    """Connect again after `wait` seconds (0..60); host or port None: as configured."""

    METHOD: ClassVar[str] = "client.reconnect"
    DROP: ClassVar[Drop] = Drop.BAD_PARAMETERS

    host: str | None = None
    port: int | None = None
    wait: float = 0.0

    def params(self) -> list[Json]:
        """Return the three, or nothing where all is as configured."""
        if self == Reconnect():
            return []
        return [self.host, self.port, self.wait]

    @classmethod
    def from_params(cls, params: list[Json]) -> Self:
        """Read them, each of which may be missing; raise FieldError."""
        port = at(params, 1)
        number = None if port is None or port == "" else read_int(port, 0xFFFF)
        return cls(read_optional_text(at(params, 0), 255), number or None, _wait(at(params, 2)))


@dataclass(frozen=True, slots=True)
class ShowMessage:
    """A line for the user, made printable and cut to 200 characters."""

    METHOD: ClassVar[str] = "client.show_message"
    DROP: ClassVar[Drop] = Drop.BAD_PARAMETERS

    text: str

    def params(self) -> list[Json]:
        """Return the text."""
        return [self.text]

    @classmethod
    def from_params(cls, params: list[Json]) -> Self:
        """Read the text; raise FieldError."""
        return cls(printable(read_text(at(params, 0), 1 << 20)[:MAX_SHOWN_TEXT]))


@dataclass(frozen=True, slots=True)
class GetVersion(WithoutParameters):
    """Ask the client for its user agent."""

    METHOD: ClassVar[str] = "client.get_version"


@dataclass(frozen=True, slots=True)
class Ping(WithoutParameters):
    """Ask either side for a sign of life; the answer is "pong"."""

    METHOD: ClassVar[str] = "mining.ping"


@dataclass(frozen=True, slots=True)
class Pong(WithoutParameters):
    """What ESP-Miner says to a ping instead of answering it; nothing to answer."""

    METHOD: ClassVar[str] = "mining.pong"


def _wait(value: Json) -> float:
    try:
        seconds = float(value)
    except (TypeError, ValueError, OverflowError):
        return 0.0
    # min and max let NaN through in one order only: max(0.0, nan) is 0.0.
    return min(max(0.0, seconds), MAX_RECONNECT_WAIT)
