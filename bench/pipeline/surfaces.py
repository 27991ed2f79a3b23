"""What it costs a miner to be watched: by all surfaces at once, each often, and as is usual.

On the machine that mines, who watches takes its own part of the CPUs. That is no cost of ours: the
rate is reckoned by the CPU time of our own threads, and job switches are set beside those of the
rounds in which the same watcher asks another server just as often.
"""

from collections.abc import Sequence
from itertools import chain

from stampmill.bench.pipeline import speed
from stampmill.bench.pipeline.effort import Effort
from stampmill.bench.pipeline.targets import Bound, Finding, Outcome, Target
from stampmill.bench.processes import children
from stampmill.bench.processes.children import Result
from stampmill.bench.processes.watched import BESIDE, MODES, Stretch
from stampmill.bench.record import Benchmark
from stampmill.bench.summary import Ratio, Summary, percentile

RATE = Target(
    "watched-rate", "hash rate, each surface 10/s / none, up to", 0.99, "", Bound.AT_LEAST
)
"""Missed where the ratio's interval lies below it. OFTEN_LOOP is the same without the noise."""
ABUSED = Target(
    "abused-rate", "hash rate, ports full of rot / none, up to", 0.98, "", Bound.AT_LEAST
)
"""A hundred connections a second say rot, or half of a request; each takes the loop 0.3 ms."""
HOLD = Target("watched-hold", "time with the loop held 0.5 ms, each surface 10/s", 1.0, "%")
"""Below 1 % the 99th percentile of job switches is not moved by more than those 0.5 ms."""
SWITCH = Target(
    "watched-switch", "job switch p99, each surface 10/s / another server, from", 1.0, ""
)
"""Missed where the ratio's interval lies above it: a round has 15 switches, and its p99 is the
slowest. The watcher's own bursts keep scan threads, which give way to it, from their CPU as well.
"""
LOOP = Target("watched-loop", "CPU of all surfaces at 1/s", 1.0, "% of a core")
OFTEN_LOOP = Target("watched-often-loop", "CPU of all surfaces, each 10/s", 2.0, "% of a core")
"""Of two cores' hash rate 1 %, told without the noise of that."""
MEMORY = Target("watched-memory", "memory of all surfaces", 40.0, "MB")

TARGETS = (RATE, ABUSED, HOLD, SWITCH, LOOP, OFTEN_LOOP, MEMORY)

_SETTLE = 1.0
_HELD = 0.0005
_OUT_OF_STEP = 1.07
"""Jobs come a little slower than polls and than news leaves for the page, so at all their phases:
in step, all of a round's would find the loop at work, or none."""


def measure(effort: Effort) -> Finding:
    """Mine at a pool that kills all work with every job, watched and not, in turns."""
    options = {
        "job_interval": effort.job_interval * _OUT_OF_STEP,
        "clean_every_job": True,
        "block_every": 0,
        "fixed_difficulty": speed.difficulty_for(1.0, priority=effort.priority),
        "priority": effort.priority.value,
    }
    seconds, rounds = effort.watched_seconds, effort.watched_rounds
    with children.running("pool", options) as pool:
        settings = {
            "url": pool.ready["url"], "seconds": seconds, "rounds": rounds,
            "short": effort.watched_short, "priority": effort.priority.value,
        }  # fmt: skip
        count = len(MODES) * rounds + len(BESIDE) * effort.watched_short
        limit = 60 + 2 * count * (seconds + _SETTLE)
        result = children.call("watched", settings, limit)
    stretches = [Stretch(**one) for one in result["stretches"]]
    return Finding(_outcomes(result, stretches), _benchmarks(stretches, result["kernel"]))


def _outcomes(result: Result, stretches: Sequence[Stretch]) -> list[Outcome]:
    before, after = result["resident"]
    asked = result["asked"]
    failed = sum(one["failed"] for one in asked.values())
    facts: dict[str, object] = {"asked": asked, "kernel": result["kernel"]}
    held = (after - before) / 1e6 if after else None
    return [
        *_rates(result["beside"], stretches, facts),
        _hold(stretches),
        _switch(stretches),
        *_loops(stretches),
        Outcome(MEMORY, held, f"{after / 1e6:.1f} MB at the end; {failed} requests failed"),
    ]


def _rates(
    beside: Sequence[Sequence[Result]], stretches: Sequence[Stretch], facts: dict[str, object]
) -> list[Outcome]:
    """Judge by short stretches beside each other: in long ones neighbours change more than that."""
    rows = zip(*([Stretch(**one).rate for one in row] for row in beside), strict=True)
    alone, often, abuse = rows
    dummy = Ratio.of(*([one.rate for one in _of(stretches, mode)] for mode in ("dummy", "alone")))
    another = f"; another is watched {dummy.low:.3f}-{dummy.high:.3f}"
    facts = facts | {"dummy": [dummy.low, dummy.high]}
    return [_rate(RATE, often, alone, another, facts), _rate(ABUSED, abuse, alone)]


def _rate(
    target: Target,
    rates: Sequence[float],
    alone: Sequence[float],
    more: str = "",
    facts: dict[str, object] | None = None,
) -> Outcome:
    ratio, spread = Ratio.of(rates, alone), Summary.of(alone)
    noise = spread.stddev / spread.mean
    detail = (
        f"{ratio.median:.4f}, {ratio.low:.4f}-{ratio.high:.4f} of {len(rates)} short stretches "
        f"beside each other; those with nobody watching differ by {100 * noise:.1f} %{more}"
    )
    found = {"median": ratio.median, "interval": [ratio.low, ratio.high], "noise": noise}
    return Outcome(target, ratio.high, detail, (facts or {}) | found)


def _hold(stretches: Sequence[Stretch]) -> Outcome:
    late = {
        mode: 100 * Summary.of([one.late(_HELD) for one in _of(stretches, mode)]).mean
        for mode in MODES
    }
    longest = {
        mode: 1000 * max((each for one in _of(stretches, mode) for each in one.held), default=0.0)
        for mode in MODES
    }
    detail = (
        f"{late['seldom']:.3f} at 1/s, {late['abuse']:.3f} with ports full of rot, "
        f"{late['alone']:.3f} with nobody watching; longest "
        f"{longest['often']:.1f} ms, {longest['alone']:.1f} ms"
    )
    return Outcome(HOLD, late["often"], detail, {"percent": late, "longest_ms": longest})


def _switch(stretches: Sequence[Stretch]) -> Outcome:
    found = {mode: [one.job_switch for one in _of(stretches, mode)] for mode in MODES}
    if not all(row for rows in found.values() for row in rows):
        return Outcome(SWITCH, None, "there was a stretch without a job switch")
    often, dummy = ([percentile(row, 99) for row in found[mode]] for mode in ("often", "dummy"))
    ratio = Ratio.of(often, dummy)
    p50, p99 = (
        {mode: 1000 * percentile([*chain(*rows)], percent) for mode, rows in found.items()}
        for percent in (50, 99)
    )
    parts = [f"{mode} {p50[mode]:.3f} / {p99[mode]:.3f}" for mode in found]
    detail = (
        f"{ratio.median:.3f}, {ratio.low:.3f}-{ratio.high:.3f} of {len(often)} rounds; "
        f"p50 / p99 of all in ms: {', '.join(parts)}"
    )
    facts: dict[str, object] = {
        "median": ratio.median, "interval": [ratio.low, ratio.high], "p50_ms": p50, "p99_ms": p99,
    }  # fmt: skip
    return Outcome(SWITCH, ratio.low, detail, facts)


def _loops(stretches: Sequence[Stretch]) -> list[Outcome]:
    share = {mode: [100 * one.loop / one.seconds for one in _of(stretches, mode)] for mode in MODES}
    alone = Summary.of(share["alone"]).mean
    outcomes = []
    for target, mode in ((LOOP, "seldom"), (OFTEN_LOOP, "often")):
        added = [each - alone for each in share[mode]]
        detail = f"{min(added):.2f}-{max(added):.2f}; {alone:.2f} with nobody watching"
        outcomes.append(Outcome(target, Summary.of(added).mean, detail, {"share": share[mode]}))
    return outcomes


def _of(stretches: Sequence[Stretch], mode: str) -> list[Stretch]:
    return [one for one in stretches if one.mode == mode]


def _benchmarks(stretches: Sequence[Stretch], kernel: str) -> list[Benchmark]:
    return [
        Benchmark(
            "surfaces",
            mode,
            [1 / one.rate for one in _of(stretches, mode)],
            min(one.hashes for one in _of(stretches, mode)),
            {"kernel": kernel},
        )
        for mode in MODES
    ]
