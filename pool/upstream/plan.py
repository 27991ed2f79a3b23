"""What a client wants of a connection, and how long it waits for it."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stampmill.core.job import Share
from stampmill.pool.stratum.framing import CLIENT_LINE_LIMIT, SERVER_LINE_LIMIT
from stampmill.pool.stratum.requests import BIP320_MASK, Configure, Submit
from stampmill.pool.upstream.job_stream import MINER_BITS

if TYPE_CHECKING:
    from stampmill.pool.payout.address import Payout


@dataclass(frozen=True, slots=True)
class ResumePoint:
    """What a lost connection had: a pool may give the same extranonce1 for its session id."""

    session_id: str
    extranonce1: bytes


@dataclass(frozen=True, slots=True)
class ClientPlan:
    """Who we are and what to ask for on one connection.

    `version_mask` is what to ask for, 0 for no version rolling; `configure_late` asks for it only
    after authorization. `send_difference` sends the difference to the job's version instead of its
    bits inside the mask, as ESP-Miner does. `minimum_difficulty` is the lowest that the hardware
    can take, `info` what BIP310 lets a miner say of itself. `extranonce_subscribe` asks for
    `mining.set_extranonce` the old way too, at which some pools hang up. Where there is a `payout`,
    a pool whose jobs pay somebody else is left.
    """

    user_agent: str
    user: str
    password: str = field(default="x", repr=False)
    version_mask: int = BIP320_MASK
    suggest_difficulty: float | None = None
    minimum_difficulty: float | None = None
    info: tuple[tuple[str, str], ...] = ()
    extranonce_subscribe: bool = False
    resume: ResumePoint | None = None
    configure_late: bool = False
    send_difference: bool = False
    payout: "Payout | None" = None

    def configure(self) -> Configure | None:
        """Return the negotiation, None if there is nothing to negotiate."""
        if not self.version_mask and self.minimum_difficulty is None and not self.info:
            return None
        mask = self.version_mask & MINER_BITS or None
        return Configure(
            mask, 2, self.minimum_difficulty, subscribe_extranonce=True, info=self.info
        )

    def submit(self, share: Share, mask: int | None) -> Submit:
        """Return the request for a share; the agreed mask None: no version rolling."""
        nonce, job = share.nonce, share.job
        bits = None
        if mask is not None:
            rolled = nonce.version ^ job.version
            bits = rolled if self.send_difference else nonce.version & mask
        return Submit(self.user, job.id, nonce.work.extranonce2, nonce.ntime, nonce.nonce, bits)


@dataclass(frozen=True, slots=True)
class ClientLimits:
    """Bounds of one connection. Times are seconds, line lengths bytes."""

    handshake: float = 30.0
    optional_request: float = 5.0
    share: float = 120.0
    silence: float = 150.0
    """Longer than any pool's pause between two jobs (60 s), with room for a lost one."""
    keep_alive: float = 240.0
    """public-pool drops clients that say nothing for five minutes."""
    pending_shares: int = 1000
    unanswered_shares: int = 3
    """So many in a row, none answered between, and the pool is left."""
    first_lines: int = CLIENT_LINE_LIMIT
    later_lines: int = SERVER_LINE_LIMIT
