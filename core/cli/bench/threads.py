"""`stampmill bench threads`."""

import argparse

from stampmill.core.cli.bench import output, values
from stampmill.core.cli.options import Commands
from stampmill.core.errors import ExitCode


def add_to(benches: Commands) -> None:
    """Register the command."""
    parser = benches.add_parser(
        "threads",
        help="a kernel on one CPU, two, and so on to all: rate, and energy where it is counted",
        description="Runs one kernel on 1 to n pinned CPUs, in turn, each time in a fresh "
        "process. A hash's energy is all that the CPU's packages used meanwhile (RAPL).",
    )
    parser.set_defaults(bench=run)
    add = parser.add_argument
    which = "the kernel (the one that mining takes), named as for `bench kernels`"
    add("--kernel", metavar="KERNEL", help=which)
    count = "so many threads; repeatable (1 to all)"
    add("--threads", type=values.count, action="append", metavar="N", help=count)
    rounds = "rounds (11; fewer are not worth quoting)"
    add("--rounds", type=values.count, metavar="N", help=rounds)
    add("--seconds", type=values.seconds, metavar="S", help="length of each run (0.5)")
    output.add_options(parser)


def run(options: argparse.Namespace) -> ExitCode:
    """Measure each number of threads."""
    from stampmill.bench import catalogue  # noqa: PLC0415  mining starts without
    from stampmill.bench.scaling import threads  # noqa: PLC0415

    output.check(options)
    plan = threads.Plan(
        options.kernel or catalogue.best().name,
        options.threads,
        options.rounds or threads.ROUNDS,
        options.seconds or threads.SECONDS,
    )
    rows = threads.measure(plan, output.progress)
    table = output.Table(threads.HEAD, threads.rows(rows), threads.remarks(rows))
    output.publish(options, threads.as_document(rows), threads.report(rows), table)
    return ExitCode.DONE
