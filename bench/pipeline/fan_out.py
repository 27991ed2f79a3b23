"""How long a job takes to reach thousands of miners from a pool on one core, and what they cost.

It has arrived when the system has it in the miner's socket; that a miner on loopback receives on
the sender's core is part of the time, about half of each write.
"""

from stampmill.bench.pipeline.effort import Effort
from stampmill.bench.pipeline.targets import Finding, Outcome, Target
from stampmill.bench.processes import children, holdings
from stampmill.bench.processes.children import Result
from stampmill.bench.record import Benchmark
from stampmill.bench.summary import percentile

FAN_OUT = Target("fan-out", "a job to every miner, p90", 100.0, "ms")
HELD = Target("held-per-miner", "resident memory per connection", 16.0, "kB")

TARGETS = (FAN_OUT, HELD)

_TRANSACTIONS = 100
_CONNECTS_A_SECOND = 500
"""Slow enough for a busy machine."""


def measure(effort: Effort) -> Finding:
    """Connect a crowd from one process to a pool in another, which has one core."""
    if not holdings.available():
        return Finding([Outcome(target, None, "only Linux's /proc tells") for target in TARGETS])
    pool_settings = {
        "connections": effort.crowd,
        "job_interval": effort.crowd_interval,
        "transactions": _TRANSACTIONS,
    }
    seconds = 30 + effort.crowd / _CONNECTS_A_SECOND + 3 * effort.crowd_jobs * effort.crowd_interval
    with children.running("crowd-pool", pool_settings) as pool:
        settings = pool.ready | {
            "connections": effort.crowd, "jobs": effort.crowd_jobs, "seconds": seconds,
            "job_interval": effort.crowd_interval,
        }  # fmt: skip
        crowd = children.call("crowd", settings, seconds + 30)
        return _finding(effort, crowd, pool.stop())


def _finding(effort: Effort, crowd: Result, pool: Result) -> Finding:
    made = pool["jobs"]
    arrived = [at - made[job][0] for job, at in crowd["arrivals"].items()]
    written = [made[job][1] - made[job][0] for job in crowd["arrivals"]]
    per_miner = (pool["full"] - pool["empty"]) / pool["most"] / 1000
    p50, p90, most = (1000 * percentile(arrived, percent) for percent in (50, 90, 100))
    detail = (
        f"{effort.crowd} miners, {len(arrived)} jobs of {_TRANSACTIONS} transactions: "
        f"p50 {p50:.1f}, max {most:.1f}; written within {1000 * percentile(written, 90):.1f}"
    )
    params: dict[str, object] = {"connections": effort.crowd, "transactions": _TRANSACTIONS}
    facts = params | {"count": len(arrived), "p50": p50, "max": most}
    return Finding(
        [
            Outcome(FAN_OUT, p90, detail, facts),
            Outcome(HELD, per_miner, f"{pool['most']} of them: {pool['full'] / 1e6:.1f} MB in all"),
        ],
        [
            Benchmark("fan-out", "arrived", arrived, 1, params),
            Benchmark("fan-out", "written_to_all", written, 1, params),
        ],
    )
