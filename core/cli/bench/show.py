"""`stampmill bench show`."""

import argparse
from pathlib import Path

from stampmill.core.cli.bench import output
from stampmill.core.cli.options import Commands
from stampmill.core.errors import ExitCode


def add_to(benches: Commands) -> None:
    """Register the command."""
    parser = benches.add_parser(
        "show",
        help="print a result file, or draw several",
        description="Prints what a file written by --output or --json holds. Of several, oldest "
        "first, it prints the newest; the plots then show what changed from commit to commit.",
    )
    parser.set_defaults(bench=run)
    parser.add_argument("file", type=Path, metavar="FILE", nargs="+")
    output.add_pictures(parser)


def run(options: argparse.Namespace) -> ExitCode:
    """Print the file."""
    from stampmill.bench import record, show  # noqa: PLC0415  mining starts without

    output.check_pictures(options)
    records = [record.read(file) for file in options.file]
    print(show.render(records[-1]))
    output.draw(options, records)
    return ExitCode.DONE
