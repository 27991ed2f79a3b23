"""What the whole process costs: the full miner beside the bare kernel on the same pinned CPUs."""

from collections.abc import Callable
from dataclasses import asdict
from functools import partial

from stampmill.bench import catalogue
from stampmill.bench.pipeline import windows
from stampmill.bench.pipeline.effort import Effort
from stampmill.bench.pipeline.targets import Bound, Finding, Outcome, Target
from stampmill.bench.pipeline.windows import Window
from stampmill.bench.processes import children
from stampmill.bench.processes.children import Result, Settings
from stampmill.bench.record import Benchmark
from stampmill.bench.summary import Ratio, Summary
from stampmill.core.backends.options import CpuPriority

RATE = Target("rate", "whole process / bare kernel", 0.99, "", Bound.AT_LEAST)
SHARE = Target("kernel-share", "time in kernels / time to be had", 0.99, "", Bound.AT_LEAST)
LOOP = Target("loop", "CPU outside kernels at 1 share/s", 1.0, "% of a core")

TARGETS = (RATE, SHARE, LOOP)


def measure(effort: Effort) -> Finding:
    """Compare the two in a fresh process, window beside window."""
    settings = {
        "pairs": effort.pairs, "seconds": effort.window_seconds, "priority": effort.priority.value,
    }  # fmt: skip
    slack = 60.0
    result = children.call("rate", settings, slack + 4 * effort.pairs * effort.window_seconds)
    miner = [Window(**window) for window in result["miner"]]
    bare = [Window(**window) for window in result["bare"]]
    return Finding(_outcomes(result, miner, bare), _benchmarks(result, miner, bare))


def child(settings: Settings) -> Result:
    """Alternate windows of the miner and of the bare kernel, the first of each thrown away."""
    kernel, priority = catalogue.best(), CpuPriority(settings["priority"])
    one_a_second = (1 << 256) // int(windows.of_bare_kernel(kernel, 0.1, priority).rate + 1)
    miner = partial(windows.of_miner, kernel, settings["seconds"], one_a_second, priority)
    bare = partial(windows.of_bare_kernel, kernel, settings["seconds"], priority)
    pairs = [
        _pair(miner, bare, bare_first=number % 2 == 0) for number in range(settings["pairs"] + 1)
    ]
    return {
        "kernel": kernel.name,
        "versions": kernel.max_versions,
        "miner": [asdict(one) for one, _ in pairs[1:]],
        "bare": [asdict(one) for _, one in pairs[1:]],
    }


def _pair(
    miner: Callable[[], Window], bare: Callable[[], Window], *, bare_first: bool
) -> tuple[Window, Window]:
    """Return a window of the miner and one of the bare kernel; they go first in turn."""
    if bare_first:
        first = bare()
        return miner(), first
    return miner(), bare()


def _outcomes(result: Result, miner: list[Window], bare: list[Window]) -> list[Outcome]:
    own = Ratio.of([one.rate for one in miner], [one.rate for one in bare])
    clock = Ratio.of([one.clock_rate for one in miner], [one.clock_rate for one in bare])
    share = Summary.of([one.kernel_share for one in miner])
    loop = Summary.of([100 * window.loop_share for window in miner])
    facts = {
        "kernel": result["kernel"],
        "versions": result["versions"],
        "threads": miner[0].threads,
        "interval": [own.low, own.high],
        "ratio_on_the_clock": clock.median,
        "interval_on_the_clock": [clock.low, clock.high],
    }
    detail = (
        f"{result['kernel']}, {miner[0].threads} threads, {len(miner)} pairs, "
        f"{own.low:.3f}-{own.high:.3f}; on the clock {clock.median:.3f}"
    )
    return [
        Outcome(RATE, own.median, detail, facts),
        Outcome(SHARE, share.median, f"{share.min:.4f} to {share.max:.4f}"),
        Outcome(LOOP, loop.median, f"{loop.min:.2f} to {loop.max:.2f}"),
    ]


def _benchmarks(result: Result, miner: list[Window], bare: list[Window]) -> list[Benchmark]:
    params = {"kernel": result["kernel"], "versions": result["versions"]}
    return [
        Benchmark(
            "rate",
            name,
            [1 / window.rate for window in row],
            min(window.hashes for window in row),
            params | {"threads": row[0].threads},
            {"hashes_per_second": Summary.of([window.rate for window in row]).median},
        )
        for name, row in (("whole process", miner), ("bare kernel", bare))
    ]
