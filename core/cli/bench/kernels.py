"""`stampmill bench kernels`."""

import argparse

from stampmill.core.cli.bench import output, values
from stampmill.core.cli.options import Commands, HelpFormatter
from stampmill.core.errors import ExitCode


def add_to(benches: Commands) -> argparse.ArgumentParser:
    """Register the command."""
    parser = benches.add_parser(
        "kernels",
        help="every kernel that runs here: right or wrong, and how fast",
        description="Checks each kernel against hashlib, then times all of them in turn on one "
        "pinned CPU over the same nonces. The ratio is to the first in the table, round by round, "
        "so that what slows a whole round down does not count.",
        formatter_class=HelpFormatter,
    )
    parser.set_defaults(bench=run)
    add = parser.add_argument
    which = "only this one: a name, FILE.so, MODULE:FUNCTION or FILE.cl; repeatable"
    add("--kernel", action="append", default=[], metavar="KERNEL", help=which)
    rounds = "rounds (11; fewer are not worth quoting)"
    add("--rounds", type=values.count, metavar="N", help=rounds)
    add("--seconds", type=values.seconds, metavar="S", help="shortest scan of a round (0.2)")
    most = "versions that share a scan's work; repeatable (1, and the kernel's most)"
    add("--versions", type=values.count, action="append", metavar="K", help=most)
    add("--cpu", type=int, metavar="N", help="the CPU to pin to (the last one)")
    exact = "count instructions with valgrind, too: the same on any machine, half a minute each"
    add("--exact", action="store_true", help=exact)
    peer = "another miner's benchmark, such as 'minerd -a sha256d --benchmark -t 1'; repeatable"
    add("--peer", action="append", default=[], metavar="COMMAND", help=peer)
    long = "how long a peer runs in each round (5)"
    add("--peer-seconds", type=values.seconds, metavar="S", help=long)
    hang = "how long a kernel's process may take (120): one that hangs is ended"
    add("--timeout", type=values.seconds, metavar="S", help=hang)
    patience = "add rounds while another thread shares the core, for at most so long (0)"
    add("--patience", type=values.seconds, default=0.0, metavar="S", help=patience)
    output.add_options(parser)
    return parser


def run(options: argparse.Namespace) -> ExitCode:
    """Compare the kernels."""
    from stampmill.bench import catalogue, timing  # noqa: PLC0415  mining starts without
    from stampmill.bench.candidates import contest, referee, report, result, spec  # noqa: PLC0415
    from stampmill.bench.peers import run as peer_run  # noqa: PLC0415

    output.check(options)
    plan = contest.Plan(
        options.rounds or timing.ROUNDS,
        options.seconds or timing.ROUND_SECONDS,
        values.usable(options.cpu),
        options.versions,
        options.timeout or referee.TIMEOUT,
        options.exact,
        options.peer,
        options.peer_seconds or peer_run.SECONDS,
        options.patience,
    )
    names = options.kernel or catalogue.usable(output.progress)
    specs = [spec.parse(name) for name in names]
    comparison = contest.compare(specs, plan, output.progress, all_=not options.kernel)
    table = output.Table(report.HEAD, report.rows(comparison), report.remarks(comparison))
    output.publish(options, result.as_document(comparison), report.report(comparison), table)
    return ExitCode.DONE
