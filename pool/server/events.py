"""What a server tells whoever watches it."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum


class PoolEventKind(Enum):
    """What happened."""

    LISTENING = "listening"
    HANDSHAKE_FAILED = "tls-failed"
    CONNECTED = "connected"
    AUTHORIZED = "authorized"
    DIFFICULTY = "difficulty"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    BLOCK = "block"
    BLOCK_REFUSED = "block-refused"
    DISCONNECTED = "disconnected"


@dataclass(frozen=True, slots=True)
class PoolEvent:
    """One line for people, safe to print. `peer` is empty where it concerns no connection."""

    kind: PoolEventKind
    text: str
    peer: str = ""


PoolListener = Callable[[PoolEvent], None]
"""Called on the event loop; must not raise or block."""


class CloseReason(Enum):
    """Why a connection ended; the counter's name."""

    PEER = "closed-by-peer"
    NOT_STRATUM = "not-stratum"
    LINE_TOO_LONG = "line-too-long"
    FULL = "too-many-connections"
    SLOW_READER = "slow-reader"
    NO_HANDSHAKE = "no-handshake"
    IDLE = "idle"
    INVALID = "invalid-shares"
    NEW_EXTRANONCE = "new-extranonce"
    """It did not ask for `mining.set_extranonce`, so it has to subscribe again."""
    SHUTDOWN = "shutdown"
    CHAOS = "chaos"
    """A scenario of `--chaos` wanted it."""


class HandshakeFault(Enum):
    """Why a TLS handshake did not come about; the counter's name."""

    NOT_TLS = "not-tls"
    """Plain Stratum, HTTP, or anything else."""
    REFUSED = "refused-by-miner"
    """It did not like our certificate, or what else we offer, and said so."""
    NOTHING_IN_COMMON = "nothing-in-common"
    """No version or cipher that both have."""
    TIMED_OUT = "timed-out"
    HUNG_UP = "hung-up"
    BROKEN = "broken"
    TOO_MANY = "too-many"
    NOT_ACCEPTED = "not-accepted"
    """The system had no descriptor left for it, for one."""
