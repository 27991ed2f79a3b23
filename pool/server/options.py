"""What a server can be told."""

from dataclasses import dataclass
from pathlib import Path

from stampmill.core.chain.target import target_from_difficulty
from stampmill.core.errors import EncodingError, UsageError
from stampmill.pool.server.vardiff import VardiffRules
from stampmill.pool.stratum.framing import CLIENT_LINE_LIMIT
from stampmill.pool.stratum.requests import BIP320_MASK

DEFAULT_START_DIFFICULTY = 7e-6
"""30,000 hashes a share: a third of a second at 100 kH/s, and soon raised for all others."""


@dataclass(frozen=True, slots=True)
class PoolOptions:
    """Settings of a server; times in seconds, sizes in bytes; port 0: any. Raises UsageError.

    `share_interval` is what vardiff aims at; `fixed_difficulty` switches vardiff off. On a test
    chain every `block_every`th accepted share becomes a block (0: none), but never two within
    `block_pause`. `clean_every_job` makes each periodic job kill those before it: for benchmarks.
    """

    host: str = "127.0.0.1"
    port: int = 0
    share_interval: float = 5.0
    start_difficulty: float = DEFAULT_START_DIFFICULTY
    lowest_difficulty: float = 1e-8
    fixed_difficulty: float | None = None
    block_every: int = 10
    block_pause: float = 1.0
    job_interval: float = 30.0
    clean_every_job: bool = False
    extranonce1_size: int = 4
    extranonce2_size: int = 4
    version_mask: int = BIP320_MASK
    transactions: int = 5
    """Transactions in each template of the embedded chain."""
    max_connections: int = 2000
    line_limit: int = CLIENT_LINE_LIMIT
    send_limit: int = 256 * 1024
    """What a reader may leave unread before it is dropped."""
    handshake_timeout: float = 60.0
    idle_timeout: float = 600.0
    jobs_kept: int = 32
    """Live jobs of one connection; the oldest makes room."""
    shares_kept: int = 100_000
    """Accepted shares of the live jobs that are known again."""
    keep_blocks: bool = False
    blocks_file: Path | None = None
    tls_cert: Path | None = None
    """PEM file with the certificate chain: TLS on the whole port."""
    tls_key: Path | None = None
    """PEM file with its key, if that stands apart."""

    @property
    def vardiff(self) -> VardiffRules:
        """What every connection's difficulty is held to."""
        fixed = self.fixed_difficulty
        start = self.start_difficulty if fixed is None else fixed
        return VardiffRules(self.share_interval, start, self.lowest_difficulty, fixed is not None)

    def __post_init__(self) -> None:
        for name in ("share_interval", "job_interval", "handshake_timeout", "idle_timeout"):
            _above_zero(name, getattr(self, name))
        for name in ("start_difficulty", "lowest_difficulty", "fixed_difficulty"):
            _difficulty(name, getattr(self, name))
        for name, (least, most) in _RANGES.items():
            _within(name, getattr(self, name), least, most)


_RANGES = {
    "port": (0, 65535),
    "block_every": (0, 1_000_000),
    "block_pause": (0, 86_400),
    "extranonce1_size": (1, 32),  # both must fit into a coinbase script of 100 bytes
    "extranonce2_size": (0, 16),
    "version_mask": (0, 0x1FFFFFFF),  # BIP323: the top three bits say what the version is
    "transactions": (0, 1000),
    "max_connections": (1, 100_000),
    "line_limit": (1024, 1 << 20),  # ckpool's clients keep below 1024
    "send_limit": (4096, 1 << 30),
    "jobs_kept": (1, 1000),
    "shares_kept": (1, 10_000_000),
}


def _above_zero(name: str, value: float) -> None:
    # Written so that NaN fails too.
    if not 0 < value < float("inf"):
        raise UsageError(f"{name} must be a number above zero, not {value}")


def _difficulty(name: str, value: float | None) -> None:
    try:
        if value is not None:
            target_from_difficulty(value)
    except EncodingError as error:
        raise UsageError(f"{name} must be a possible difficulty, not {value}") from error


def _within(name: str, value: float, least: int, most: int) -> None:
    if not least <= value <= most:
        raise UsageError(f"{name} must be from {least} to {most}, not {value}")
