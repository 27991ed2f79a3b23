"""What a call does not need, it does not import: a start is mostly imports."""

import subprocess
import sys

import pytest

A_RUN = ("stampmill.core.cli.run", "stampmill.core.miner", "stampmill.pool", "asyncio")
SETTINGS = ("msgspec", "stampmill.core.settings")
VERSION = ("importlib.metadata",)
NEVER_UNASKED = (
    "aiohttp", "rich", "stampmill.core.cli.json_lines", "stampmill.core.operate.cgminer",
    "stampmill.core.operate.web", "stampmill.core.operate.alerts.command",
    "stampmill.core.operate.alerts.webhook", "stampmill.core.backends.asic", "stampmill.bench",
    "stampmill.pool.payout", "stampmill.pool.server", "stampmill.pool.solo.setup",
)  # fmt: skip

CALL = """
import sys
from contextlib import suppress
from stampmill.core.cli.main import main
with suppress(SystemExit):
    main(sys.argv[1:])
"""


def imported(program: str, *arguments: str) -> set[str]:
    """Return all modules, and the packages that they are in, that a program has imported."""
    shown = "\nprint(*sys.modules, sep=chr(10), file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-P", "-c", program + shown, *arguments],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return set(done.stderr.splitlines())


@pytest.mark.parametrize(
    ("words", "unneeded"),
    [
        ("--help", (*A_RUN, *SETTINGS, *VERSION)),
        ("--version", (*A_RUN, *SETTINGS)),
        ("mine --help", (*A_RUN, *SETTINGS, *VERSION)),
        ("mine -o pool.example:3333 -u me --threads 0", (*A_RUN, *VERSION)),
    ],
)
def test_a_call_that_does_not_mine_imports_nothing_of_a_run(words, unneeded):
    found = imported(CALL, *words.split())
    assert "stampmill.core.cli.options" in found
    assert not found & {*unneeded, *NEVER_UNASKED}


def test_a_run_at_a_pool_imports_nothing_that_it_was_not_asked_for():
    found = imported("import sys, stampmill.core.cli.run.mining")
    assert "stampmill.core.miner" in found
    assert not found & {*NEVER_UNASKED, *VERSION}
