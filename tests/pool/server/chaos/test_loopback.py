"""The shipped source at the shipped misbehaving pool, over sockets, on a clock that hurries."""

import asyncio
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from stampmill.core.chain.target import meets_target
from stampmill.core.job import Job, Share, ShareResult, Verdict
from stampmill.core.settings import PoolSettings, RetryPolicy
from stampmill.pool.client import StratumSource
from stampmill.pool.server.chaos.catalogue import SCENARIOS, Chaos
from stampmill.pool.server.embedded import EmbeddedPool
from stampmill.pool.server.options import PoolOptions
from stampmill.pool.server.shares import ShareFault
from tests.pool.upstream.sessions import found

HURRY = 60.0
"""The client's seconds in a second, so that its deadlines of minutes come within seconds."""
SECONDS = 4.0
PATIENCE = 60.0
"""Seconds at most until a scenario has acted: on a busy machine little happens in a few."""
EASY = 1e-9
MOST_SHARES = 100

OPTIONS = PoolOptions(
    fixed_difficulty=EASY, job_interval=0.5, block_every=40, block_pause=0.5, transactions=1
)


@dataclass
class Miner:
    """A listener that finds shares of the latest job and counts what becomes of them."""

    job: Job | None = None
    jobs: int = 0
    submitted: int = 0
    answers: Counter[int] = field(default_factory=Counter)
    verdicts: Counter[Verdict] = field(default_factory=Counter)
    stops: list[str] = field(default_factory=list)
    notices: int = 0

    def on_job(self, job: Job) -> None:
        self.job = job
        self.jobs += 1

    def on_no_job(self, why: str) -> None:
        self.job = None
        self.stops.append(why)

    def on_share_result(self, share: Share, result: ShareResult) -> None:
        self.answers[share.nonce.nonce] += 1
        self.verdicts[result.verdict] += 1

    def on_notice(self, text: str, *, warning: bool = False) -> None:
        assert text.isprintable()
        self.notices += 1

    async def mine(self) -> None:
        while self.submitted < MOST_SHARES:
            await asyncio.sleep(SECONDS / MOST_SHARES)
            share = None if self.job is None else self.find(self.job)
            if share is not None:
                share.job.sink.submit(share)

    def find(self, job: Job) -> Share | None:
        for _ in range(50):
            self.submitted += 1
            number = self.submitted
            size = job.extranonce2_size
            extranonce2 = (number % (1 << 8 * size)).to_bytes(size, "big").hex()
            share = found(job, (extranonce2, f"{job.ntime:08x}", f"{number:08x}"))
            if meets_target(share.hash, job.share_target):
                return share
        return None


async def live(name: str) -> tuple[Miner, EmbeddedPool, StratumSource]:
    pool = EmbeddedPool(OPTIONS, chaos=Chaos([name], seed=7))
    host, port = await pool.start()
    source = StratumSource(
        PoolSettings(f"stratum+tcp://{host}:{port}", "w", suggest_difficulty=EASY),
        RetryPolicy(pause=5.0),
        user_agent="miner/1.0",
        clock=lambda: time.monotonic() * HURRY,
        sleep=lambda seconds: asyncio.sleep(seconds / HURRY),
    )
    miner = Miner()
    running = asyncio.create_task(source.run(miner))
    mining = asyncio.create_task(miner.mine())
    await asyncio.sleep(SECONDS)
    await until(lambda: has_acted(name, miner, pool, source))
    mining.cancel()
    await source.drain(HURRY)
    running.cancel()
    (stopped,) = await asyncio.gather(running, return_exceptions=True)
    assert isinstance(stopped, asyncio.CancelledError), stopped
    await pool.close()
    return miner, pool, source


def has_acted(name: str, miner: Miner, pool: EmbeddedPool, source: StratumSource) -> bool:
    """Tell whether all has happened that is looked at in the end."""
    assert pool.chaos is not None
    status = source.status()
    seen = {
        "redirects": dict(status.dropped).get("redirect-refused", 0) > 10,
        "split-packets": miner.verdicts[Verdict.ACCEPTED] > 10,
        "questions": miner.verdicts[Verdict.ACCEPTED] > 10,
        "silence": bool(miner.stops),
        "black-hole": status.reconnects > 1,
    }
    return pool.chaos.acted[name] > 0 and seen.get(name, True)


async def until(holds: Callable[[], bool]) -> None:
    """Wait for it, for so long at most; who looks at the end sees whether it came."""
    end = time.monotonic() + PATIENCE
    while not holds() and time.monotonic() < end:  # noqa: ASYNC110  a pool's counters
        await asyncio.sleep(0.05)


class Dialled:
    """Every address that this process connects to, and every name it looks up."""

    def __init__(self) -> None:
        self.addresses: set[Any] = set()
        self.names: set[Any] = set()
        self.listening = True
        sys.addaudithook(self._hook)

    def _hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.listening and event == "socket.connect":
            self.addresses.add(arguments[1])
        elif self.listening and event == "socket.getaddrinfo":
            self.names.add(arguments[0])


def test_no_scenario_stops_the_source_moves_it_elsewhere_or_takes_a_share_unnamed() -> None:
    async def all_at_once() -> list[tuple[Miner, EmbeddedPool, StratumSource]]:
        return await asyncio.gather(*(live(name) for name in SCENARIOS))

    dialled = Dialled()
    started = time.process_time()
    try:
        outcomes = dict(zip(SCENARIOS, asyncio.run(all_at_once()), strict=True))
    finally:
        dialled.listening = False
    ports = {outcome[2].status().url.rpartition(":")[2] for outcome in outcomes.values()}
    assert {host for host, _ in dialled.addresses} == {"127.0.0.1"}
    assert {str(port) for _, port in dialled.addresses} <= ports
    assert dialled.names <= {"127.0.0.1"}
    for name, (miner, pool, source) in outcomes.items():
        assert pool.chaos is not None
        assert pool.chaos.acted[name] > 0, name
        assert set(miner.answers.values()) <= {1}, name
        assert pool.counters.rejected[ShareFault.DUPLICATE] == 0, name
        assert miner.notices < 400, name
        assert source.status().pending == 0, name
    assert dict(outcomes["redirects"][2].status().dropped)["redirect-refused"] > 10
    assert outcomes["split-packets"][0].verdicts[Verdict.ACCEPTED] > 10
    assert outcomes["questions"][0].verdicts[Verdict.ACCEPTED] > 10
    assert outcomes["silence"][0].stops
    assert outcomes["black-hole"][2].status().reconnects > 1
    assert time.process_time() - started < 120


def test_a_scenario_that_is_not_there_is_named_with_the_nearest() -> None:
    with pytest.raises(Exception, match="no scenario 'blackhole'; did you mean 'black-hole'"):
        Chaos(["blackhole"], 1)
