"""Client sessions without a socket: what tests need to bring one up and to find a share."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from stampmill.core.chain.coinbase import coinbase_txid
from stampmill.core.chain.header import Header
from stampmill.core.chain.merkle import root_from_branch
from stampmill.core.chain.target import difficulty_of_hash
from stampmill.core.job import Job, Nonce, Share, Work
from stampmill.pool.stratum.drops import Drop
from stampmill.pool.upstream.events import ClientEvent, JobReceived, ShareAnswered
from stampmill.pool.upstream.plan import ClientLimits, ClientPlan
from stampmill.pool.upstream.protocol import ClientProtocol
from tests.pool.stratum.vectors import line, share

ORIGINAL = share("original Stratum documentation example")
PLAN = ClientPlan("miner/1.0", "slush.miner1", "secret")


@dataclass
class Sink:
    """Where jobs say their shares should go."""

    shares: list[Share] = field(default_factory=list)

    def submit(self, share: Share) -> None:
        self.shares.append(share)


def notification(method: str, *params: Any, message_id: Any = None) -> bytes:
    return line({"id": message_id, "method": method, "params": list(params)})


def answer(message_id: Any, result: Any = True, error: Any = None) -> bytes:
    return line({"id": message_id, "result": result, "error": error})


CONFIGURED = answer(1, {"version-rolling": True, "version-rolling.mask": "1fffe000"})
SUBSCRIBED = answer(2, [[["mining.notify", "5e55"]], "08000002", 4])
AUTHORIZED = answer(3)
HANDSHAKE = CONFIGURED + SUBSCRIBED + AUTHORIZED
NOTIFY = notification("mining.notify", *ORIGINAL["notify"])


def changed_notify(**values: Any) -> bytes:
    """Return the original job with some parameters replaced, by `p<index>`."""
    params = list(ORIGINAL["notify"])
    for name, value in values.items():
        params[int(name[1:])] = value
    return notification("mining.notify", *params)


def started(
    plan: ClientPlan = PLAN, limits: ClientLimits | None = None, now: float = 1000.0
) -> ClientProtocol:
    """Return a protocol that has sent its handshake, which is taken from it."""
    protocol = ClientProtocol(plan, Sink(), limits or ClientLimits())
    protocol.start(now)
    protocol.data_to_send()
    return protocol


def opened(plan: ClientPlan = PLAN, limits: ClientLimits | None = None) -> ClientProtocol:
    """Return a protocol that is authorized at time 1000, without a job."""
    protocol = started(plan, limits)
    protocol.feed(HANDSHAKE, 1000.0)
    protocol.data_to_send()
    return protocol


def jobs(events: list[ClientEvent]) -> list[Job]:
    return [event.job for event in events if isinstance(event, JobReceived)]


def only_job(events: list[ClientEvent]) -> Job:
    (job,) = jobs(events)
    return job


def fates(events: list[ClientEvent]) -> list[ShareAnswered]:
    return [event for event in events if isinstance(event, ShareAnswered)]


def dropped(protocol: ClientProtocol) -> dict[Drop, int]:
    return dict(protocol.drops)


def found(job: Job, fields: Sequence[str], version: int | None = None) -> Share:
    """Return a share from a submit's extranonce2, ntime and nonce, hashed for real."""
    extranonce2, ntime, nonce = fields
    version = job.version if version is None else version
    number, time = int(nonce, 16), int(ntime, 16)
    txid = coinbase_txid(job.coinbase1, job.extranonce1, bytes.fromhex(extranonce2), job.coinbase2)
    root = root_from_branch(txid, job.merkle_branch)
    work = Work(
        job, bytes.fromhex(extranonce2), root, time, (version,), 0, 1 << 32, job.share_target
    )
    digest = Header(version, job.previous_hash, root, time, job.nbits, number).hash()
    difficulty = difficulty_of_hash(digest)
    solves = int.from_bytes(digest, "little") <= job.network_target
    return Share(Nonce(work, number, version, time, 0.0, "test"), digest, difficulty, solves)


def any_share(job: Job, number: int = 0) -> Share:
    """Return a made-up share, told apart by its nonce."""
    return found(job, ("00" * job.extranonce2_size, f"{job.ntime:08x}", f"{number:08x}"))
