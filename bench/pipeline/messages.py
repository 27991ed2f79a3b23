"""How many messages a second the protocols take, both sides, on one core and without sockets."""

import time
from collections.abc import Callable, Sequence
from random import Random

from stampmill.bench.pipeline.effort import Effort
from stampmill.bench.pipeline.targets import Bound, Finding, Outcome, Target
from stampmill.bench.processes import children
from stampmill.bench.processes.children import Result, Settings
from stampmill.bench.record import Benchmark
from stampmill.bench.summary import Summary
from stampmill.core.job import Share
from stampmill.pool.node.chain import RegtestChain
from stampmill.pool.server.options import PoolOptions
from stampmill.pool.server.pool_core import PoolCore, PoolWorld
from stampmill.pool.stratum.messages import encode
from stampmill.pool.stratum.requests import Submit
from stampmill.pool.stratum.server_protocol import ServerProtocol
from stampmill.pool.upstream.events import JobReceived
from stampmill.pool.upstream.plan import ClientPlan
from stampmill.pool.upstream.protocol import ClientProtocol

NOTIFIES = Target("notify-rate", "jobs read, 7 branches", 10_000, "/s", Bound.AT_LEAST)
SUBMITS = Target("submit-rate", "submits read", 50_000, "/s", Bound.AT_LEAST)
SHARES = Target("judge-rate", "shares judged and answered", 10_000, "/s", Bound.AT_LEAST)

TARGETS = (NOTIFIES, SUBMITS, SHARES)

_TRANSACTIONS = 100
"""Their merkle branch has seven entries."""
_ROUNDS = 9
_START = 1_700_000_000.0
_EASIEST = 1e-12
"""Every hash is a share: what is measured is the judgement, not the luck."""


def measure(effort: Effort) -> Finding:
    """Run all three in a fresh process."""
    result = children.call("messages", {"count": effort.messages}, 120)
    rates = {name: [effort.messages / seconds for seconds in row] for name, row in result.items()}
    outcomes = [
        _outcome(NOTIFIES, rates["notifies"], f"each of {_TRANSACTIONS} transactions"),
        _outcome(SUBMITS, rates["submits"], "lines to typed requests"),
        _outcome(SHARES, rates["shares"], "lines to answers: merkle root, hash, duplicates"),
    ]
    rows = [
        Benchmark("messages", name, [seconds / effort.messages for seconds in row])
        for name, row in result.items()
    ]
    return Finding(outcomes, rows)


def _outcome(target: Target, rates: Sequence[float], detail: str) -> Outcome:
    all_of_them = Summary.of(rates)
    extent = f"{all_of_them.min:,.0f} to {all_of_them.max:,.0f} in {len(rates)} rounds"
    return Outcome(target, all_of_them.median, f"{detail}; {extent}")


def child(settings: Settings) -> Result:
    """Return the seconds that each kind of message took, so many of them a round."""
    count = settings["count"]
    return {
        "notifies": _times(lambda: _notifies(count)),
        "submits": _times(lambda: _submits(count)),
        "shares": _times(lambda: _shares(count)),
    }


def _times(make: Callable[[], Callable[[], None]]) -> list[float]:
    """Time what `make` prepares, each round afresh; the first is thrown away."""
    seconds = []
    for _ in range(_ROUNDS + 1):
        run = make()
        started = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - started)
    return seconds[1:]


def _pool(transactions: int) -> PoolCore:
    chain = RegtestChain(lambda: _START, Random(1), transactions=transactions)
    options = PoolOptions(fixed_difficulty=_EASIEST, block_every=0, jobs_kept=1000)
    return PoolCore(options, chain, PoolWorld(lambda: _START, lambda: 1.0, Random(2)))


def _notifies(count: int) -> Callable[[], None]:
    core = _pool(_TRANSACTIONS)
    lines = [core.private_job(clean=False).line for _ in range(count)]
    client = ClientProtocol(ClientPlan("bench/1.0", "w", version_mask=0), _Nowhere())
    client.start(0.0)
    client.feed(b'{"id":1,"result":[[],"08000002",4]}\n{"id":2,"result":true}\n', 0.0)

    def run() -> None:
        for line in lines:
            (event,) = client.feed(line, 1.0)
            assert isinstance(event, JobReceived)  # noqa: S101  else nothing was measured

    return run


def _submits(count: int) -> Callable[[], None]:
    data = b"".join(_submit_lines(count, "1", "6553f100"))
    protocol = ServerProtocol()

    def run() -> None:
        assert len(protocol.feed(data)) == count  # noqa: S101  else nothing was measured

    return run


def _shares(count: int) -> Callable[[], None]:
    core = _pool(_TRANSACTIONS)
    port = _Port()
    session = core.connect(port, 1.0)
    assert session is not None  # noqa: S101  there is room
    session.receive(b'{"id":1,"method":"mining.subscribe","params":[]}\n', 1.0)
    session.receive(b'{"id":2,"method":"mining.authorize","params":["w","x"]}\n', 1.0)
    job = core.current_job().notify
    lines = _submit_lines(count, job.job_id, f"{job.ntime:08x}")

    def run() -> None:
        for line in lines:
            session.receive(line, 1.0)
        assert core.counters.accepted == count  # noqa: S101  else refusals were measured

    return run


def _submit_lines(count: int, job_id: str, ntime: str) -> list[bytes]:
    numbers = range(count)
    time_number = int(ntime, 16)
    return [
        encode(Submit("w", job_id, number.to_bytes(4, "big"), time_number, number), number)
        for number in numbers
    ]


class _Nowhere:
    def submit(self, share: Share) -> None:
        """Nothing is found here."""


class _Port:
    peer = "bench"

    def write(self, data: bytes) -> None:
        """Drop it."""

    def close(self) -> None:
        """Nothing is open."""
