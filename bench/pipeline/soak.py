"""Hours of jobs in a minute, and what grows with their number."""

from stampmill.bench.pipeline import speed
from stampmill.bench.pipeline.effort import Effort
from stampmill.bench.pipeline.targets import Finding, Outcome, Target
from stampmill.bench.processes import children, holdings
from stampmill.bench.processes.children import Result

MEMORY = Target("soak", "growth after a tenth of the jobs", 2.0, "MB")
THREADS = Target("soak-threads", "threads gained", 0, "threads")
FILES = Target("soak-files", "open files gained", 0, "files")

TARGETS = (MEMORY, THREADS, FILES)

_MEGABYTE = 1_000_000
_SHARES_PER_JOB = 1.0


def measure(effort: Effort) -> Finding:
    """Mine through the jobs of hours at a pool in another process that sends them at once."""
    if not holdings.available():
        return Finding([Outcome(target, None, "only Linux's /proc tells") for target in TARGETS])
    each = effort.soak_interval / _SHARES_PER_JOB
    options = {
        "job_interval": effort.soak_interval,
        "clean_every_job": True,
        "block_every": 0,
        "priority": effort.priority.value,
        "fixed_difficulty": speed.difficulty_for(each, priority=effort.priority),
    }
    marks = [max(effort.soak_jobs // 10, 1), effort.soak_jobs]
    with children.running("pool", options) as pool:
        settings = {
            "url": pool.ready["url"], "jobs": effort.soak_jobs, "marks": marks,
            "priority": effort.priority.value,
        }  # fmt: skip
        result = children.call("mine", settings, 60 + 5 * effort.soak_jobs * effort.soak_interval)
    return Finding(_outcomes(result))


def _outcomes(result: Result) -> list[Outcome]:
    early, late = result["marks"]
    growth = (late["resident"] - early["resident"]) / _MEGABYTE
    seen = f"{result['jobs']} jobs, {result['submitted']} shares"
    return [
        Outcome(
            MEMORY,
            growth,
            f"{seen}; {early['resident'] / _MEGABYTE:.1f} MB after {early['jobs']} jobs, "
            f"{late['resident'] / _MEGABYTE:.1f} MB after {late['jobs']}",
        ),
        Outcome(THREADS, late["threads"] - early["threads"], f"{late['threads']} at the end"),
        Outcome(FILES, late["files"] - early["files"], f"{late['files']} at the end"),
    ]
