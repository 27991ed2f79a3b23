"""`stampmill bench show`."""

import argparse
from pathlib import Path

from stampmill.core.cli.options import Commands
from stampmill.core.errors import ExitCode


def add_to(benches: Commands) -> None:
    """Register the command."""
    parser = benches.add_parser(
        "show",
        help="print a result file",
        description="Prints what a file written by --output or --json holds.",
    )
    parser.set_defaults(bench=run)
    parser.add_argument("file", type=Path, metavar="FILE")


def run(options: argparse.Namespace) -> ExitCode:
    """Print the file."""
    from stampmill.bench import record, show  # noqa: PLC0415  mining starts without

    print(show.render(record.read(options.file)))
    return ExitCode.DONE
