"""The server's jobs: made from templates, encoded once, and each connection's memory of them."""

from dataclasses import dataclass, replace

from stampmill.core.chain.target import difficulty_of_target
from stampmill.core.job import MIN_NETWORK_DIFFICULTY_TARGET
from stampmill.pool.node.template import (
    BlockTemplate,
    CoinbaseLayout,
    TemplateTransaction,
    coinbase_parts,
)
from stampmill.pool.server.terms import Extranonces
from stampmill.pool.server.vardiff import HIGHEST
from stampmill.pool.stratum.messages import encode
from stampmill.pool.stratum.notifications import Notify

TAG = b"/stampmill/"


@dataclass(frozen=True, slots=True)
class ServerJob:
    """A job, what a block of it needs, and its line on the wire."""

    notify: Notify
    network_target: int
    transactions: tuple[TemplateTransaction, ...]
    line: bytes
    highest_difficulty: float
    """What no share should have to exceed: the network's, but for test chains."""

    @property
    def id(self) -> str:
        """The job id on the wire."""
        return self.notify.job_id

    @property
    def block_target(self) -> int:
        """The network target where it is worth more than a share, else 0 (test chains)."""
        return 0 if self.on_test_chain else self.network_target

    @property
    def on_test_chain(self) -> bool:
        """Whether the network difficulty is below 1."""
        return self.network_target > MIN_NETWORK_DIFFICULTY_TARGET

    def told(self, *, clean: bool) -> "ServerJob":
        """Return the same job under another flag, for a connection that has no job yet."""
        if self.notify.clean is clean:
            return self
        return job_of(replace(self.notify, clean=clean), self.network_target, self.transactions)


def job_of(
    notify: Notify, network_target: int, transactions: tuple[TemplateTransaction, ...] = ()
) -> ServerJob:
    """Return a job with its line encoded."""
    test = network_target > MIN_NETWORK_DIFFICULTY_TARGET
    highest = HIGHEST if test else difficulty_of_target(network_target)
    return ServerJob(notify, network_target, transactions, encode(notify), highest)


class JobFactory:
    """Numbers jobs and makes each one's coinbase unlike all others.

    So no connection can hash the same header for two jobs, wherever its extranonce2 starts.
    `extranonce_size` is that of both extranonces together.
    """

    def __init__(self, extranonce_size: int, salt: int) -> None:
        self._extranonce_size = extranonce_size
        self._salt = salt
        self._made = 0

    def make(self, template: BlockTemplate, *, clean: bool) -> ServerJob:
        """Return a new job of a template."""
        self._made += 1
        unique = (self._made ^ self._salt) & 0xFFFFFFFF
        layout = CoinbaseLayout(self._extranonce_size, unique=unique.to_bytes(4, "little"), tag=TAG)
        coinbase1, coinbase2 = coinbase_parts(template, layout)
        notify = Notify(
            job_id=f"{self._made:x}",
            previous_hash=template.previous_hash,
            coinbase1=coinbase1,
            coinbase2=coinbase2,
            merkle_branch=template.merkle_branch,
            version=template.version,
            nbits=template.nbits,
            ntime=template.current_time,
            clean=clean,
        )
        return job_of(notify, template.network_target, template.transactions)

    def made(self, job_id: str) -> bool:
        """Tell whether a job of this id was ever made."""
        try:
            return 1 <= int(job_id, 16) <= self._made and job_id == f"{int(job_id, 16):x}"
        except ValueError:
            return False


@dataclass(slots=True)
class SentJob:
    """A job as one connection has it.

    `difficulty` is the one that its shares are judged by, `generation` the vardiff's count of
    changes when it was sent. It keeps the extranonces that it was sent under.
    """

    job: ServerJob
    difficulty: float
    generation: int
    extranonces: Extranonces


class SentJobs:
    """The live jobs of one connection, the oldest makes room."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._jobs: dict[str, SentJob] = {}

    def __len__(self) -> int:
        return len(self._jobs)

    def get(self, job_id: str) -> SentJob | None:
        """Return a live job."""
        return self._jobs.get(job_id)

    def add(self, sent: SentJob) -> None:
        """Take a job in; a clean one kills all before it."""
        if sent.job.notify.clean:
            self._jobs.clear()
        self._jobs[sent.job.notify.job_id] = sent
        if len(self._jobs) > self._limit:
            del self._jobs[next(iter(self._jobs))]

    def clear(self) -> None:
        """Kill all."""
        self._jobs.clear()

    def lower(self, difficulty: float) -> None:
        """Judge no job harder than this from now on: the miner may have applied it at once."""
        for sent in self._jobs.values():
            sent.difficulty = min(sent.difficulty, difficulty)
