"""`stampmill bench boards`."""

import argparse

from stampmill.core.cli.bench import output, values
from stampmill.core.cli.options import Commands
from stampmill.core.errors import ExitCode, RegressionError, UsageError


def add_to(benches: Commands) -> argparse.ArgumentParser:
    """Register the command."""
    parser = benches.add_parser(
        "boards",
        help="emulated ASIC boards: CPU time, job switch on the line, a soak with faults",
        description="Measures the driver at emulated boards: what a board with a captured nonce "
        "every 20 ms costs; how soon a new job's first byte is on the line; how long every kind of "
        "board takes to come back from every fault; and what is left behind by hours of ten "
        "boards with random faults. The last two pass in virtual time.",
    )
    parser.set_defaults(bench=run)
    add = parser.add_argument
    only = "load, switch, faults or soak; repeatable"
    add("--only", action="append", default=[], metavar="NAME", help=only)
    add("--boards", type=values.count, default=10, metavar="N", help="boards (10)")
    add("--seconds", type=values.seconds, default=20.0, metavar="S", help="of load (20)")
    add("--switches", type=values.count, default=300, metavar="N", help="jobs for each board (300)")
    add("--hours", type=_hours, default=0.5, metavar="H", help="virtual hours of soak (0.5)")
    add("--seed", type=int, default=1, metavar="N", help="the same seed has the same faults (1)")
    add("--check", action="store_true", help="exit 6 unless every target is met")
    output.add_options(parser)
    return parser


def run(options: argparse.Namespace) -> ExitCode:
    """Measure the parts; with --check a missed target is an error."""
    from stampmill.bench.boards import parts  # noqa: PLC0415  mining starts without

    extent = parts.Extent(
        options.boards, options.seconds, options.switches, options.hours, options.seed
    )
    findings = parts.measure(options.only, extent, output.progress)
    output.publish(options, parts.as_document(findings), parts.report(findings))
    if options.check and (missed := parts.missed(findings)):
        raise RegressionError(f"not met: {', '.join(missed)}")
    return ExitCode.DONE


def _hours(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.01 <= value <= 1000:
        raise UsageError(f"--hours {text}: 0.01 to 1000 virtual hours")
    return value
