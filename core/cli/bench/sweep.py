"""`stampmill bench sweep`."""

import argparse
import sys
from pathlib import Path

from stampmill.core.cli.bench import output, values
from stampmill.core.cli.options import Commands
from stampmill.core.errors import ExitCode


def add_to(benches: Commands) -> None:
    """Register the command."""
    parser = benches.add_parser(
        "sweep",
        help="build a generated kernel under many parameters, and time each",
        description="Generates and compiles the kernel for every combination, proves it, and times "
        "it beside the kernel as it is. Needs a checkout and a C compiler. What the file has "
        "already, of this CPU and this code, is not measured again.",
    )
    parser.set_defaults(bench=run)
    add = parser.add_argument
    add("--kernel", default="avx512", metavar="NAME", help="a generated kernel (avx512)")
    param = "k=1..16, rolled=0,1, interleave=1..32, phase=0,64 or lead=0..45; repeatable"
    add("--param", action="append", required=True, metavar="NAME=VALUES", help=param)
    file = "where results are kept (sweep.jsonl)"
    add("--file", type=Path, default=Path("sweep.jsonl"), metavar="FILE", help=file)
    dask = "sweep on every host of this Dask cluster, such as tcp://HOST:8786"
    add("--dask", metavar="ADDRESS", help=dask)
    add("--rounds", type=values.count, metavar="N", help="rounds of each point (5)")
    add("--seconds", type=values.seconds, metavar="S", help="shortest scan of a round (0.2)")
    add("--cpu", type=int, metavar="N", help="the CPU to pin to (the last one)")


def run(options: argparse.Namespace) -> ExitCode:
    """Sweep, and print the points, best first."""
    from stampmill.bench import timing  # noqa: PLC0415  mining starts without
    from stampmill.bench.candidates.contest import Plan  # noqa: PLC0415
    from stampmill.bench.output import terminal  # noqa: PLC0415
    from stampmill.bench.sweep import grid  # noqa: PLC0415
    from stampmill.bench.sweep import run as sweep  # noqa: PLC0415

    plan = Plan(
        options.rounds or sweep.ROUNDS,
        options.seconds or timing.ROUND_SECONDS,
        values.usable(options.cpu),
    )
    points = grid.points(options.param)
    if options.dask:
        from stampmill.bench.sweep import cluster  # noqa: PLC0415

        results = cluster.sweep(
            options.dask, options.kernel, points, options.file, plan, progress=_progress
        )
    else:
        results = sweep.sweep(options.kernel, points, options.file, plan, _progress)
    note = f"{len(points)} points beside {options.kernel} as it is, kept in {options.file}"
    cure = f"to mine with the best: stampmill bench tune --sweep {options.file}"
    terminal.show(sweep.HEAD, sweep.rows(results), [note, cure])
    return ExitCode.DONE


def _progress(done: int, all_: int, line: str) -> None:
    """Draw a bar over itself on a terminal, and print lines anywhere else."""
    if sys.stderr.isatty():
        bar = "#" * (30 * done // all_)
        end = "\n" if done == all_ else ""
        print(f"\r\x1b[K[{bar:<30}] {done}/{all_} {line}", end=end, file=sys.stderr, flush=True)
    else:
        output.progress(f"{done} of {all_}: {line}")
