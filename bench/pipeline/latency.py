"""How long work and shares are on their way inside the miner, at a pool that is another process."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from stampmill.bench.pipeline import speed
from stampmill.bench.pipeline.effort import Effort
from stampmill.bench.pipeline.targets import Finding, Outcome, Target
from stampmill.bench.processes import children
from stampmill.bench.processes.children import Result
from stampmill.bench.record import Benchmark
from stampmill.bench.summary import histogram, percentile
from stampmill.core.backends.options import CpuPriority

JOB_SWITCH = Target("job-switch", "job switch p99", 1.0, "ms")
SHARE_PATH = Target("share-path", "share path p99", 1.0, "ms")
STARVED = Target("starved-jobs", "jobs without work", 0, "jobs")
DEAD = Target("dead-shares", "shares of dead jobs sent", 0, "shares")

GROUP = "latency"

TARGETS = (JOB_SWITCH, SHARE_PATH, STARVED, DEAD)

TLS_JOB_SWITCH = Target("tls-job-switch", "job switch over TLS p99", 1.0, "ms")
TLS_SHARE_PATH = Target("tls-share-path", "share path over TLS p99", 1.0, "ms")

TLS_TARGETS = (TLS_JOB_SWITCH, TLS_SHARE_PATH)

_SHARES_PER_JOB = 2.0


@dataclass(frozen=True, slots=True)
class Course:
    """A pool that kills all work with each of so many jobs, and who mines there.

    `device` is an OpenCL device's name; without one the default backend mines.
    """

    jobs: int
    interval: float
    shares_per_second: float
    tls: bool = False
    device: str = ""
    priority: CpuPriority = CpuPriority.IDLE


def measure(effort: Effort) -> Finding:
    """Mine at a pool that kills all work with every job; the miner's own figures are the result."""
    course = _usual(effort)
    result, counters = run(course)
    return Finding(_outcomes(course, result, counters), benchmarks(result))


def measure_tls(effort: Effort) -> Finding:
    """Do the same over TLS; a job's clock starts once its bytes are decrypted."""
    course = replace(_usual(effort), tls=True)
    result, _ = run(course)
    outcomes = [
        p99(TLS_JOB_SWITCH, switches(result, course.interval)),
        p99(TLS_SHARE_PATH, result["share_path"]),
    ]
    return Finding(outcomes, benchmarks(result, "tls_"))


def run(course: Course) -> tuple[Result, Result]:
    """Return what the miner and what the pool counted."""
    difficulty = speed.difficulty_for(1 / course.shares_per_second, course.device, course.priority)
    options = {
        "job_interval": course.interval,
        "clean_every_job": True,
        "block_every": 0,
        "fixed_difficulty": difficulty,
        "tls": course.tls,
        "priority": course.priority.value,
    }
    with children.running("pool", options) as pool:
        settings = pool.ready | {
            "jobs": course.jobs, "device": course.device, "priority": course.priority.value,
        }  # fmt: skip
        result = children.call("mine", settings, 60 + 3 * course.jobs * course.interval)
        return result, pool.stop()


def _usual(effort: Effort) -> Course:
    shares_per_second = effort.richness * _SHARES_PER_JOB / effort.job_interval
    return Course(effort.jobs, effort.job_interval, shares_per_second, priority=effort.priority)


def _outcomes(course: Course, result: Result, counters: Result) -> list[Outcome]:
    jobs, sent = result["jobs"], result["submitted"]
    in_flight = counters["stale"] - result["dead_sent"]
    return [
        p99(JOB_SWITCH, switches(result, course.interval)),
        p99(SHARE_PATH, result["share_path"]),
        Outcome(STARVED, result["starved_jobs"], f"of {jobs} clean jobs"),
        Outcome(DEAD, result["dead_sent"], f"of {sent} sent; {in_flight} died on their way"),
    ]


def switches(result: Result, interval: float) -> list[float]:
    """Return the job switches in seconds; one that the next job overtook took that long at least.

    Else a miner whose threads get no CPU would show only what it did between two others' turns.
    """
    return [*result["job_switch"], *[interval] * result["starved_jobs"]]


def p99(target: Target, seconds: Sequence[float]) -> Outcome:
    """Judge a row of latencies by the one that 99 of 100 do not exceed."""
    if not seconds:
        return Outcome(target, None, "nothing was measured")
    p50, p99, most = (1000 * percentile(seconds, percent) for percent in (50, 99, 100))
    facts: dict[str, object] = {"count": len(seconds), "p50": p50, "p99": p99, "max": most}
    return Outcome(target, p99, f"{len(seconds)} of them, p50 {p50:.3f}, max {most:.3f}", facts)


def benchmarks(
    result: Result, prefix: str = "", params: Mapping[str, object] | None = None
) -> list[Benchmark]:
    """Return the miner's rows, each with its histogram; a name begins with the prefix."""
    return [
        Benchmark(
            GROUP,
            prefix + name,
            result[name],
            1,
            {"kernel": result["kernel"], "what": name, **(params or {})},
            {"histogram": _histogram(result[name])},
        )
        for name in ("job_switch", "share_path")
        if result[name]
    ]


def _histogram(seconds: Sequence[float]) -> dict[str, object]:
    bounds, counts = histogram(seconds)
    return {"not_above_seconds": bounds, "counts": counts}
