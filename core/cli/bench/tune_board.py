"""`stampmill bench tune -d asic:PATH`: the options and the run for a board."""

import argparse

from stampmill.core.cli.bench import output, values
from stampmill.core.errors import ExitCode


def add_options(parser: argparse.ArgumentParser) -> None:
    """Register what is wanted of a board."""
    add = parser.add_argument_group("ASIC boards (-d asic:PATH)").add_argument
    goals = "rate: most hashes a second (the default); efficiency: fewest joules a hash"
    add("--goal", choices=("rate", "efficiency"), default="rate", help=goals)
    errors = "the most hardware errors among all replies (1%%)"
    add("--max-errors", type=values.percent, default=0.01, metavar="PERCENT", help=errors)
    add("--max-celsius", type=_number, default=70.0, metavar="C", help="how warm it may be (70)")
    add("--max-watts", type=_number, metavar="W", help="how much power it may take (as it likes)")


def run(options: argparse.Namespace) -> ExitCode:
    """Search the board's best setting and remember it."""
    from stampmill.bench import record  # noqa: PLC0415  mining starts without
    from stampmill.bench.boards import tune  # noqa: PLC0415
    from stampmill.core.backends.asic.tuning.point import Goal, Wanted  # noqa: PLC0415

    wanted = Wanted(Goal(options.goal), options.max_errors, options.max_celsius, options.max_watts)
    found = tune.tune(options.device, wanted, options.budget, output.progress)
    text = record.encode(tune.as_document(found)) if options.json else tune.report(found)
    print(text.rstrip())
    return ExitCode.DONE


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 10_000:
        raise argparse.ArgumentTypeError(f"'{text}' is no number above 0")
    return value
