"""The same latencies at pools of all paces: a new job every 10 ms, or only every 30 s."""

from stampmill.bench.pipeline.effort import Effort
from stampmill.bench.pipeline.latency import Course, benchmarks, run, switches
from stampmill.bench.pipeline.targets import Finding, Outcome, Target
from stampmill.bench.processes.children import Result
from stampmill.bench.summary import percentile

JOB_SWITCH = Target("job-switch-any-pace", "job switch p99 at the worst pace", 1.0, "ms")
SHARE_PATH = Target("share-path-any-pace", "share path p99 at the worst pace", 1.0, "ms")
STARVED = Target("starved-any-pace", "jobs without work at any pace", 0, "jobs")

TARGETS = (JOB_SWITCH, SHARE_PATH, STARVED)

_SHARES_PER_SECOND = 10.0
"""As many at any pace, so that slow ones have a share path, too."""


def measure(effort: Effort) -> Finding:
    """Mine at one pool after the other, for so many jobs of each."""
    shares_per_second = effort.richness * _SHARES_PER_SECOND
    results = {
        interval: run(Course(jobs, interval, shares_per_second, priority=effort.priority))[0]
        for interval, jobs in effort.paces
    }
    switched = {interval: switches(result, interval) for interval, result in results.items()}
    sent = {interval: result["share_path"] for interval, result in results.items()}
    return Finding(
        [_worst(JOB_SWITCH, switched), _worst(SHARE_PATH, sent), _starved(results)],
        [
            benchmark
            for interval, result in results.items()
            for benchmark in benchmarks(result, f"{named(interval)}_", {"job_interval": interval})
        ],
    )


def named(interval: float) -> str:
    """Return a pace for people."""
    return f"{interval:g}s" if interval >= 1 else f"{1000 * interval:g}ms"


def _worst(target: Target, seconds: dict[float, list[float]]) -> Outcome:
    rows = {named(interval): row for interval, row in seconds.items() if row}
    if not rows:
        return Outcome(target, None, "nothing was measured")
    found = {pace: 1000 * percentile(row, 99) for pace, row in rows.items()}
    parts = [f"every {pace} {value:.3f} ({len(rows[pace])})" for pace, value in found.items()]
    return Outcome(target, max(found.values()), ", ".join(parts), {"p99": found})


def _starved(results: dict[float, Result]) -> Outcome:
    """Tell them by pace: at the fast ones a thread that waits for its CPU misses many."""
    starved = {named(interval): result["starved_jobs"] for interval, result in results.items()}
    jobs = sum(result["jobs"] for result in results.values())
    parts = [f"{count} every {pace}" for pace, count in starved.items() if count]
    detail = ": ".join([f"of {jobs} clean jobs", *([", ".join(parts)] if parts else [])])
    return Outcome(STARVED, sum(starved.values()), detail, {"starved": starved})
