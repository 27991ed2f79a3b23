"""The entry point: parses the command line and turns errors into exit codes."""

import argparse
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from typing import Any, NoReturn

from stampmill.core.cli.options import HelpFormatter
from stampmill.core.cli.version import version
from stampmill.core.errors import ExitCode, StampmillError

_COMMANDS = {
    "mine": "mine on a pool, or on the embedded regtest pool if none is given",
    "top": "watch a run that goes on in another process",
    "pool": "run the embedded regtest pool alone",
    "devices": "list backends, kernels and boards, and why one is not available",
    "selftest": "prove every kernel of this machine against known headers and hashlib",
    "doctor": "check the set-up, and say what to do",
    "emulate": "emulate an ASIC board on a pseudo-terminal",
    "bench": "measure kernels against each other, and the whole path against its targets",
}
"""Modules beside this one with what they do, in the order of the help."""

_EXIT_CODES = """\
exit codes: 0 done, 1 runtime failure, 2 usage, 3 no device, 4 no pool within --retries,
5 verification failed, 6 benchmark regression, 130 interrupted"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; every known error becomes one line and its exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    command = next((word for word in arguments if not word.startswith("-")), "")
    options = parser(command).parse_args(arguments)
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


def parser(command: str | None = None) -> argparse.ArgumentParser:
    """Return the parser of one command, which alone is then imported, or of all.

    It knows the others by name; where the command is none, it knows all by name and no more.
    """
    top = argparse.ArgumentParser(
        prog="stampmill",
        description="SHA-256d (Bitcoin) mining core. With no pool given, `stampmill mine` mines on "
        "an embedded regtest pool: nothing to set up, nothing to earn.",
        epilog=_EXIT_CODES,
        formatter_class=HelpFormatter,
    )
    top.add_argument("-V", "--version", action=_ShowVersion, nargs=0, help="show it and stop")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, about in _COMMANDS.items():
        if command is None or command == name:
            import_module(f"stampmill.core.cli.{name}").add_to(commands, about)
        else:
            commands.add_parser(name, help=about)
    return top


class _ShowVersion(argparse.Action):
    """Print the version of what is installed, and stop."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> NoReturn:
        print(f"stampmill {version()}")
        parser.exit()
