"""From spawning `stampmill mine` to its first hash."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from stampmill.bench.pipeline import speed
from stampmill.bench.pipeline.effort import Effort
from stampmill.bench.pipeline.targets import Finding, Outcome, Target
from stampmill.bench.processes import children
from stampmill.bench.processes.mine_command import mining
from stampmill.bench.record import Benchmark
from stampmill.bench.summary import Summary

AT_POOL = Target("start", "start to first hash, at a pool", 1.0, "s")
EMBEDDED = Target("start-embedded", "start to first hash, embedded pool", 1.0, "s")

TARGETS = (AT_POOL, EMBEDDED)

_SHARE_SECONDS = 0.01


def measure(effort: Effort) -> Finding:
    """Start it again and again, the first time unmeasured: it writes the byte code.

    At a pool the end is the first share accepted at a difficulty of a hundredth of a second: it
    proves hashing, and errs against us. In embedded mode it is the line that says that the
    threads have the first job.
    """
    difficulty = speed.difficulty_for(_SHARE_SECONDS, priority=effort.priority)
    easy = {
        "fixed_difficulty": difficulty, "block_every": 0, "priority": effort.priority.value,
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as cache, children.running("pool", easy) as pool:
        embedded = ["--cpu-priority", effort.priority.value]
        at_pool = [*embedded, "-o", pool.ready["url"], "-u", "bench"]
        rows = {
            AT_POOL: _starts(at_pool, Path(cache), effort.starts, "share", "accepted"),
            EMBEDDED: _starts(embedded, Path(cache), effort.starts, "job", ""),
        }
    return Finding(
        [_outcome(target, seconds) for target, seconds in rows.items()],
        [Benchmark("start", target.name, seconds) for target, seconds in rows.items()],
    )


def _starts(
    arguments: Sequence[str], cache: Path, count: int, kind: str, words: str
) -> list[float]:
    seconds = []
    for _ in range(count + 1):
        with mining(arguments, cache) as command:
            seconds.append(command.seconds_to(kind, words))
    return seconds[1:]


def _outcome(target: Target, seconds: list[float]) -> Outcome:
    summary = Summary.of(seconds)
    return Outcome(
        target, summary.median, f"median of {len(seconds)}, {summary.min:.2f} to {summary.max:.2f}"
    )
