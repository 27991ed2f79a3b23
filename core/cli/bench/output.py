"""Where results go: a table for people, JSON for tools."""

import argparse
import sys
from pathlib import Path


def add_options(parser: argparse.ArgumentParser) -> None:
    """Register the options that choose."""
    parser.add_argument(
        "--json", action="store_true", help="pytest-benchmark's JSON on standard output, no table"
    )
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the JSON to a file")


def publish(options: argparse.Namespace, document: dict[str, object], text: str) -> None:
    """Print and write a result as the options say."""
    from stampmill.bench import record  # noqa: PLC0415  mining starts without

    if options.output is not None:
        record.write(document, options.output)
    print(record.encode(document) if options.json else text, end="" if options.json else "\n")


def progress(line: str) -> None:
    """Print a line beside the result."""
    print(line, file=sys.stderr, flush=True)
