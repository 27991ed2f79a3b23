"""The two protocols talking to each other in memory."""

import ast
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

import stampmill.pool.stratum.messages as stratum
from stampmill.core.job import Verdict
from stampmill.pool.stratum.answers import (
    ConfigureResult,
    MessageId,
    PoolError,
    SubscribeResult,
)
from stampmill.pool.stratum.messages import encode, encode_error, encode_result
from stampmill.pool.stratum.notifications import GetVersion, Notify, SetDifficulty
from stampmill.pool.stratum.requests import (
    Authorize,
    Configure,
    Submit,
    Subscribe,
    SuggestDifficulty,
)
from stampmill.pool.stratum.server_protocol import Answered, Requested, ServerProtocol
from stampmill.pool.upstream.events import Authorized, ClientEvent
from stampmill.pool.upstream.plan import ClientPlan
from stampmill.pool.upstream.protocol import ClientProtocol

from .sessions import ORIGINAL, PLAN, Sink, fates, found, only_job

JOB = Notify.from_params(ORIGINAL["notify"])


@dataclass
class Pool:
    """A pool of one client, on the real server protocol."""

    protocol: ServerProtocol = field(default_factory=ServerProtocol)
    submits: list[Submit] = field(default_factory=list)
    versions: list[object] = field(default_factory=list)

    def receive(self, data: bytes) -> bytes:
        replies = []
        for event in self.protocol.feed(data):
            match event:
                case Requested(message_id, request):
                    replies.append(self.reply(message_id, request))
                case Answered(answer):
                    self.versions.append(answer.result)
                case _:
                    raise AssertionError(event)
        return b"".join(replies)

    def reply(self, message_id: MessageId, request: object) -> bytes:
        match request:
            case Configure(mask) if mask is not None:
                return encode_result(message_id, ConfigureResult(mask & 0xFFFF000).to_json())
            case Subscribe():
                result = SubscribeResult(bytes.fromhex("08000002"), 4, "5e55")
                return encode_result(message_id, result.to_json())
            case Authorize(user):
                ok = encode_result(message_id, user == PLAN.user)
                return ok + encode(GetVersion(), 1) + encode(SetDifficulty(0.5)) + encode(JOB)
            case SuggestDifficulty(difficulty):
                return encode(SetDifficulty(difficulty)) + encode_result(message_id, True)
            case Submit():
                return self.judge(message_id, request)
        raise AssertionError(request)

    def judge(self, message_id: MessageId, submit: Submit) -> bytes:
        if submit in self.submits:
            return encode_error(message_id, PoolError(22, "duplicate"))
        self.submits.append(submit)
        return encode_result(message_id, True)


def talk(client: ClientProtocol, pool: Pool, size: int) -> list[ClientEvent]:
    """Carry bytes both ways, in segments of that size, until both are silent."""
    events: list[ClientEvent] = []
    while up := client.data_to_send():
        for segment in (up[at : at + size] for at in range(0, len(up), size)):
            down = pool.receive(segment)
            for at in range(0, len(down), size):
                events += client.feed(down[at : at + size], 1000.0)
    return events


@pytest.mark.parametrize("size", [1, 7, 100_000])
@pytest.mark.parametrize("plan", [PLAN, replace(PLAN, suggest_difficulty=0.25)])
def test_a_session_from_configure_to_shares(size: int, plan: ClientPlan) -> None:
    client, pool = ClientProtocol(plan, Sink()), Pool()
    client.start(1000.0)
    events = talk(client, pool, size)
    assert Authorized(PLAN.user) in events
    job = only_job(events)
    assert (job.version_mask, job.difficulty) == (0xFFFE000, 0.5)
    assert pool.versions == ["miner/1.0"]
    share = found(job, ("00000001", "504e86ed", "b2957c02"), job.version | 0x2000)
    verdicts = []
    for _ in range(2):
        client.submit(share, 1000.0)
        verdicts += [fate.result.verdict for fate in fates(talk(client, pool, size))]
    assert verdicts == [Verdict.ACCEPTED, Verdict.REJECTED]
    assert pool.submits == [
        Submit(PLAN.user, "bf", b"\x00\x00\x00\x01", 0x504E86ED, 0xB2957C02, 0x2000)
    ]


FORBIDDEN = {"asyncio", "socket", "ssl", "selectors", "threading", "time", "random", "aiohttp"}


def imported(path: Path) -> set[str]:
    nodes = list(ast.walk(ast.parse(path.read_text())))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return plain | {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}


def test_nothing_here_does_input_or_output() -> None:
    pool = Path(stratum.__file__).parents[1]
    files = [path for folder in ("stratum", "upstream") for path in (pool / folder).glob("*.py")]
    assert len(files) > 10
    for path in files:
        assert not {name.split(".")[0] for name in imported(path)} & FORBIDDEN, path.name
