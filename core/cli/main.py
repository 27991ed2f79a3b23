"""The entry point: parses the command line and turns errors into exit codes."""

import argparse
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from importlib.metadata import version

from stampmill.core.cli.options import HelpFormatter
from stampmill.core.errors import ExitCode, StampmillError

_COMMANDS = ("mine", "top", "pool", "devices", "selftest", "doctor", "emulate", "bench")
"""Modules beside this one, in the order of the help."""

_EXIT_CODES = """\
exit codes: 0 done, 1 runtime failure, 2 usage, 3 no device, 4 no pool within --retries,
5 verification failed, 6 benchmark regression, 130 interrupted"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; every known error becomes one line and its exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    options = parser(arguments[0] if arguments else "").parse_args(arguments)
    try:
        code: ExitCode = options.run(options)
    except StampmillError as error:
        print(f"stampmill: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # Who reads our output has gone; Python would complain once more on closing it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.FAILURE
    with suppress(BrokenPipeError):
        sys.stdout.flush()
    return code


def parser(command: str = "") -> argparse.ArgumentParser:
    """Return the parser of one command, which alone is then imported, or else of all."""
    top = argparse.ArgumentParser(
        prog="stampmill",
        description="SHA-256d (Bitcoin) mining core. With no pool given, `stampmill mine` mines on "
        "an embedded regtest pool: nothing to set up, nothing to earn.",
        epilog=_EXIT_CODES,
        formatter_class=HelpFormatter,
    )
    top.add_argument(
        "-V", "--version", action="version", version=f"stampmill {version('stampmill')}"
    )
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name in (command,) if command in _COMMANDS else _COMMANDS:
        import_module(f"stampmill.core.cli.{name}").add_to(commands)
    return top
