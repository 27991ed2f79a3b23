"""What a client asks a server."""

from dataclasses import dataclass
from typing import ClassVar, Self

from stampmill.core.chain.target import DIFFICULTY_1_TARGET
from stampmill.pool.stratum.drops import Drop
from stampmill.pool.stratum.empty import WithoutParameters
from stampmill.pool.stratum.fields import (
    MAX_EXTRANONCE2,
    FieldError,
    at,
    read_difficulty,
    read_hash,
    read_hex,
    read_int,
    read_job_id,
    read_list,
    read_optional_text,
    read_text,
    read_u32_hex,
)
from stampmill.pool.stratum.json_line import Json

VERSION_ROLLING = "version-rolling"
MINIMUM_DIFFICULTY = "minimum-difficulty"
SUBSCRIBE_EXTRANONCE = "subscribe-extranonce"
INFO = "info"

BIP320_MASK = 0x1FFFE000
"""The sixteen version bits that BIP320 leaves to miners."""


@dataclass(frozen=True, slots=True)
class Configure:
    """BIP310 negotiation. A field that is None or False is an extension not asked for.

    `info` holds pairs such as ("sw-version", "1.0"); `unknown` names extensions of others.
    """

    METHOD: ClassVar[str] = "mining.configure"
    DROP: ClassVar[Drop] = Drop.BAD_PARAMETERS

    version_mask: int | None = None
    min_bit_count: int = 2
    minimum_difficulty: float | None = None
    subscribe_extranonce: bool = False
    info: tuple[tuple[str, str], ...] = ()
    unknown: tuple[str, ...] = ()

    def params(self) -> list[Json]:
        """Return the list of extensions and the object with their parameters."""
        extensions: list[str] = []
        values: dict[str, Json] = {}
        if self.version_mask is not None:
            extensions.append(VERSION_ROLLING)
            values["version-rolling.mask"] = f"{self.version_mask:08x}"
            values["version-rolling.min-bit-count"] = self.min_bit_count
        if self.minimum_difficulty is not None:
            extensions.append(MINIMUM_DIFFICULTY)
            values["minimum-difficulty.value"] = self.minimum_difficulty
        if self.subscribe_extranonce:
            extensions.append(SUBSCRIBE_EXTRANONCE)
        if self.info:
            extensions.append(INFO)
            values |= {f"info.{name}": text for name, text in self.info}
        return [[*extensions, *self.unknown], values]

    @classmethod
    def from_params(cls, params: list[Json]) -> Self:
        """Read the extensions; raise FieldError."""
        extensions = [read_text(name, 64) for name in read_list(at(params, 0))]
        values = {} if at(params, 1) is None else params[1]
        if not isinstance(values, dict):
            raise FieldError("extension parameters are not an object")
        return cls(
            _version_mask(values) if VERSION_ROLLING in extensions else None,
            _min_bit_count(values),
            _minimum_difficulty(values) if MINIMUM_DIFFICULTY in extensions else None,
            SUBSCRIBE_EXTRANONCE in extensions,
            _info(values) if INFO in extensions else (),
            tuple(name for name in extensions if name not in _KNOWN_EXTENSIONS),
        )


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Ask for work; `session_id` is that of an earlier connection, to resume it."""

    METHOD: ClassVar[str] = "mining.subscribe"
    DROP: ClassVar[Drop] = Drop.BAD_PARAMETERS

    user_agent: str = ""
    session_id: str | None = None

    def params(self) -> list[Json]:
        """Return the user agent and, if there is one, the session id."""
        return [self.user_agent] + ([] if self.session_id is None else [self.session_id])

    @classmethod
    def from_params(cls, params: list[Json]) -> Self:
        """Read both, each of which may be missing; raise FieldError."""
        user_agent, session_id = (read_optional_text(at(params, i), 256) for i in (0, 1))
        return cls(user_agent or "", session_id)


@dataclass(frozen=True, slots=True)
class Authorize:
    """Name the worker; the password, never shown, carries options at many pools."""

    METHOD: ClassVar[str] = "mining.authorize"
    DROP: ClassVar[Drop] = Drop.BAD_PARAMETERS

    user: str
    password: str = ""

    def __repr__(self) -> str:
        return f"Authorize(user={self.user!r}, password=...)"

    def params(self) -> list[Json]:
        """Return user and password."""
        return [self.user, self.password]

    @classmethod
    def from_params(cls, params: list[Json]) -> Self:
        """Read both, the password may be missing; raise FieldError."""
        return cls(read_text(at(params, 0)), read_optional_text(at(params, 1)) or "")


@dataclass(frozen=True, slots=True)
class Submit:
    """A share. `extranonce2` in coinbase order; `nonce` as a number, not as header bytes.

    `version_bits` None: no version rolling was agreed.
    """

    METHOD: ClassVar[str] = "mining.submit"
    DROP: ClassVar[Drop] = Drop.BAD_PARAMETERS

    worker: str
    job_id: str
    extranonce2: bytes
    ntime: int
    nonce: int
    version_bits: int | None = None

    def params(self) -> list[Json]:
        """Return five or six strings: lower-case hex, zero-padded, no prefix."""
        params = [self.worker, self.job_id, self.extranonce2.hex()]
        params += [f"{self.ntime:08x}", f"{self.nonce:08x}"]
        if self.version_bits is not None:
            params.append(f"{self.version_bits:08x}")
        return params

    @classmethod
    def from_params(cls, params: list[Json]) -> Self:
        """Read the share, in either case and with `0x` before the hex; raise FieldError."""
        bits = at(params, 5)
        return cls(
            read_text(at(params, 0)),
            read_job_id(at(params, 1)),
            read_hex(at(params, 2), MAX_EXTRANONCE2),
            read_u32_hex(at(params, 3)),
            read_u32_hex(at(params, 4)),
            None if bits is None else read_u32_hex(bits),
        )


@dataclass(frozen=True, slots=True)
class SuggestDifficulty:
    """Ask for a share difficulty; a server does what it likes with it."""

    METHOD: ClassVar[str] = "mining.suggest_difficulty"
    DROP: ClassVar[Drop] = Drop.BAD_DIFFICULTY

    difficulty: float

    def params(self) -> list[Json]:
        """Return the number, as an integer where it is one (some pools take nothing else)."""
        whole = self.difficulty.is_integer()
        return [int(self.difficulty) if whole else self.difficulty]

    @classmethod
    def from_params(cls, params: list[Json]) -> Self:
        """Read a number or its string; raise FieldError."""
        return cls(read_difficulty(at(params, 0)))


@dataclass(frozen=True, slots=True)
class SuggestTarget:
    """The same as a target, which BFGMiner sends before it subscribes."""

    METHOD: ClassVar[str] = "mining.suggest_target"
    DROP: ClassVar[Drop] = Drop.BAD_DIFFICULTY

    target: int

    @property
    def difficulty(self) -> float:
        """The difficulty of the target."""
        return DIFFICULTY_1_TARGET / self.target

    def params(self) -> list[Json]:
        """Return 64 hex digits, big-endian."""
        return [f"{self.target:064x}"]

    @classmethod
    def from_params(cls, params: list[Json]) -> Self:
        """Read 64 hex digits, not all zero; raise FieldError."""
        target = int.from_bytes(read_hash(at(params, 0)), "big")
        if target == 0:
            raise FieldError("no hash meets a target of zero")
        return cls(target)


@dataclass(frozen=True, slots=True)
class ExtranonceSubscribe(WithoutParameters):
    """Declare that `mining.set_extranonce` is understood."""

    METHOD: ClassVar[str] = "mining.extranonce.subscribe"


@dataclass(frozen=True, slots=True)
class GetTransactions:
    """Ask for a job's transactions: megabytes, so our client never does."""

    METHOD: ClassVar[str] = "mining.get_transactions"
    DROP: ClassVar[Drop] = Drop.BAD_PARAMETERS

    job_id: str

    def params(self) -> list[Json]:
        """Return the job id."""
        return [self.job_id]

    @classmethod
    def from_params(cls, params: list[Json]) -> Self:
        """Read the job id; raise FieldError."""
        return cls(read_job_id(at(params, 0)))


_KNOWN_EXTENSIONS = (VERSION_ROLLING, MINIMUM_DIFFICULTY, SUBSCRIBE_EXTRANONCE, INFO)
_MAX_INFO = 16


def _version_mask(values: dict[str, Json]) -> int:
    mask = values.get("version-rolling.mask")
    return BIP320_MASK if mask is None else read_u32_hex(mask)


def _min_bit_count(values: dict[str, Json]) -> int:
    try:
        return read_int(values.get("version-rolling.min-bit-count"), 32)
    except FieldError:
        return 2  # advice only, so nothing to refuse over


def _minimum_difficulty(values: dict[str, Json]) -> float:
    return read_difficulty(values.get("minimum-difficulty.value"))


def _info(values: dict[str, Json]) -> tuple[tuple[str, str], ...]:
    pairs = [(name[5:], text) for name, text in values.items() if name.startswith("info.")]
    return tuple((name, text[:128]) for name, text in pairs if isinstance(text, str))[:_MAX_INFO]
