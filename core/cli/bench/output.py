"""Where results go: to people, to tools, into files, and beside an older result."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from stampmill.core.cli.bench import values
from stampmill.core.errors import RegressionError, UsageError


class Table(NamedTuple):
    """A result for people."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    remarks: Sequence[str]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Register the options that choose."""
    group = parser.add_argument_group("output")
    form = group.add_mutually_exclusive_group()
    add = group.add_argument
    tool = "pytest-benchmark's JSON on standard output, no table"
    form.add_argument("--json", action="store_true", help=tool)
    lines = "hashcat's lines on standard output, no table"
    form.add_argument("--machine-readable", action="store_true", help=lines)
    add("--output", type=Path, metavar="FILE", help="write the JSON to a file")
    add("--compare", type=Path, metavar="OLD.json", help="say what changed since an older result")
    limit = "with --compare, exit 6 if a median takes longer by more than so much, as in 5%%"
    add("--fail-over", type=values.percent, metavar="PERCENT", help=limit)
    add_pictures(group)


def add_pictures(parser: "argparse.ArgumentParser | argparse._ArgumentGroup") -> None:
    """Register the options that draw."""
    add = parser.add_argument
    add("--plot", type=Path, metavar="FILE", help="draw it, as .png, .svg or .pdf")
    add("--html", type=Path, metavar="FILE", help="one page with tables and plots")


def check(options: argparse.Namespace) -> None:
    """Raise, before anything is measured, what would come to nothing afterwards."""
    from stampmill.bench import record  # noqa: PLC0415  mining starts without

    if options.fail_over is not None and options.compare is None:
        raise UsageError("--fail-over needs an older result: --compare OLD.json")
    if options.compare is not None:
        record.read(options.compare)
    if options.output is not None:
        _check_folder(options.output)
    check_pictures(options)


def check_pictures(options: argparse.Namespace) -> None:
    """Raise for plots that cannot be drawn."""
    if options.plot is not None or options.html is not None:
        from stampmill.bench.output import plots  # noqa: PLC0415

        plots.check(options.plot or Path("page.svg"))
    for file in filter(None, (options.plot, options.html)):
        _check_folder(file)


def publish(
    options: argparse.Namespace,
    document: dict[str, Any],
    text: str,
    table: Table | None = None,
) -> None:
    """Print and write a result as the options say; raise RegressionError for what got slower."""
    from stampmill.bench import record  # noqa: PLC0415

    if options.output is not None:
        record.write(document, options.output)
    _print(options, document, text, table)
    draw(options, [document], table.remarks if table else ())
    if options.compare is not None:
        _compare(options, record.read(options.compare), document)


def draw(
    options: argparse.Namespace, documents: Sequence[dict[str, Any]], remarks: Sequence[str] = ()
) -> None:
    """Write the pictures that the options ask for."""
    if options.plot is not None:
        from stampmill.bench.output import plots  # noqa: PLC0415

        plots.write(documents, options.plot)
    if options.html is not None:
        from stampmill.bench.output import page  # noqa: PLC0415

        page.write(documents, options.html, remarks)


def progress(line: str) -> None:
    """Print a line beside the result."""
    print(line, file=sys.stderr, flush=True)


def _check_folder(file: Path) -> None:
    if not file.parent.is_dir():
        raise UsageError(f"cannot write {file}: there is no folder {file.parent}")
    if file.is_dir():
        raise UsageError(f"cannot write {file}: it is a folder")


def _print(
    options: argparse.Namespace, document: dict[str, Any], text: str, table: Table | None
) -> None:
    from stampmill.bench import record  # noqa: PLC0415
    from stampmill.bench.output import machine_readable, terminal  # noqa: PLC0415

    if options.json:
        print(record.encode(document), end="")
    elif options.machine_readable:
        print(machine_readable.render(document), end="")
    elif table is not None:
        terminal.show(*table)
    else:
        print(text)


def _compare(options: argparse.Namespace, old: dict[str, Any], new: dict[str, Any]) -> None:
    from stampmill.bench.output import regression  # noqa: PLC0415

    changes = regression.compare(old, new)
    # What is on standard output for a tool stays alone there.
    stream = sys.stderr if options.json or options.machine_readable else sys.stdout
    print(f"\ncompared with {options.compare}:\n{regression.report(changes)}", file=stream)
    if options.fail_over is not None:
        slower = regression.slower(changes, options.fail_over)
        if slower:
            names = ", ".join(f"{one.name} {one.ratio.median - 1:+.1%}" for one in slower)
            raise RegressionError(f"slower by more than {options.fail_over:.1%}: {names}")
