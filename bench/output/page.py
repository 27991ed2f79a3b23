"""A result as one HTML file: tables, and the plots in it."""

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from stampmill.bench import show
from stampmill.bench.host import machine
from stampmill.bench.output import plots
from stampmill.bench.record import Document
from stampmill.core.errors import UsageError

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 72em; margin: 2em auto; padding: 0 1em }
table { border-collapse: collapse; margin: 1em 0 }
th, td { padding: .25em .8em; border-bottom: 1px solid #8884; text-align: right }
th:first-child, td:first-child { text-align: left }
svg { max-width: 100%; height: auto }
@media (prefers-color-scheme: dark) { body { background: #111; color: #eee }
  svg { background: #fff } }
"""


def write(records: Sequence[Document], path: Path, remarks: Sequence[str] = ()) -> None:
    """Write the page of the newest record; raise UsageError if the file cannot be written."""
    try:
        path.write_text(render(records, remarks), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from error


def render(records: Sequence[Document], remarks: Sequence[str] = ()) -> str:
    """Return the page; raise UsageError or MissingExtraError where there can be no plots."""
    newest = records[-1]
    figure = plots.drawn(records, "svg").decode()
    commit = newest.get("commit_info") or {}
    facts = [
        machine.describe(newest["machine_info"]),
        f"commit {str(commit.get('id', 'unknown'))[:12]}, {newest.get('datetime', 'no date')}",
        *remarks,
    ]
    return "\n".join([
        '<!doctype html><html lang="en"><meta charset="utf-8">',
        f"<title>stampmill bench</title><style>{_STYLE}</style>",
        "<h1>stampmill bench</h1>",
        *(f"<p>{escape(fact)}</p>" for fact in facts),
        _table(newest["benchmarks"]),
        figure[figure.index("<svg") :],
        "</html>\n",
    ])  # fmt: skip


def _table(benchmarks: Sequence[Mapping[str, Any]]) -> str:
    lines = [_line("th", show.HEAD), *(_line("td", show.row(one)) for one in benchmarks)]
    return "<table>" + "\n".join(lines) + "</table>"


def _line(tag: str, cells: Sequence[str]) -> str:
    return "<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells) + "</tr>"
