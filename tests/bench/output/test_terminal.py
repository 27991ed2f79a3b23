import io

import pytest

from stampmill.bench.output import terminal

HEAD, ROWS = ("kernel", "MH/s"), [["a[x]", "1.00"]]


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_file_gets_plain_text():
    stream = io.StringIO()
    terminal.show(HEAD, ROWS, ["unstable: y"], stream)
    assert stream.getvalue() == "kernel  MH/s\n------  ----\na[x]    1.00\n\nunstable: y\n"


def test_a_terminal_gets_a_drawn_table(monkeypatch):
    pytest.importorskip("rich", reason="rich is not installed (extra 'tui')")
    monkeypatch.setenv("TERM", "xterm-256color")
    stream = Terminal()
    terminal.show(HEAD, ROWS, ["unstable: y"], stream)
    assert "─" in stream.getvalue()
    assert "a[x]" in stream.getvalue()  # no markup
    assert "unstable: y" in stream.getvalue()
