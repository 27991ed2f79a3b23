"""Tables on a terminal, by rich where it is installed; plain text anywhere else."""

import sys
from collections.abc import Sequence
from importlib.util import find_spec
from typing import TextIO

from stampmill.bench import table


def show(
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    remarks: Sequence[str] = (),
    stream: TextIO | None = None,
) -> None:
    """Print a table with its remarks below."""
    stream = stream or sys.stdout
    if stream.isatty() and find_spec("rich") is not None:
        _print_rich(head, rows, remarks, stream)
    else:
        print("\n".join([table.render(head, rows), *([""] * bool(remarks)), *remarks]), file=stream)


def _print_rich(
    head: Sequence[str], rows: Sequence[Sequence[str]], remarks: Sequence[str], stream: TextIO
) -> None:
    from rich import box  # noqa: PLC0415  an extra
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    drawn = Table(box=box.SIMPLE_HEAD, header_style="bold")
    for number, title in enumerate(head):
        drawn.add_column(title, justify="right" if number else "left", no_wrap=True)
    for row in rows:
        drawn.add_row(*map(Text, row))
    console = Console(file=stream)
    console.print(drawn)
    for remark in remarks:
        style = "yellow" if remark.startswith("unstable") else "dim"
        console.print(Text(remark, style=style))
