"""`python -m stampmill.core.backends.asic.guardian PORT BOARD`: started by the miner.

Orders on standard input, reports on standard output. It imports little and threads nothing, so that
it is small, and still there when the miner is not. Signals that are meant for the miner's terminal
or group do not end it: the end of its input does, and then only when the board is cold.
"""

import os
import signal
import sys

from stampmill.core.backends.asic.control.profiles import PROFILES
from stampmill.core.backends.asic.guardian.channel import Descriptors
from stampmill.core.backends.asic.guardian.keeper import Keeper
from stampmill.core.backends.asic.guardian.line import Line
from stampmill.core.backends.asic.guardian.messages import Lost, encode
from stampmill.core.backends.asic.guardian.open import open_port
from stampmill.core.backends.asic.guardian.pipe import OrderPipe
from stampmill.core.errors import ExitCode, StampmillError

_IGNORED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


def main(arguments: list[str]) -> ExitCode:
    """Guard one board."""
    for number in _IGNORED:
        signal.signal(number, signal.SIG_IGN)
    path, board = arguments
    try:
        keeper = Keeper(
            PROFILES[board], Line(Descriptors(open_port(path)), path), OrderPipe(Descriptors(0, 1))
        )
        reason = keeper.run()
    except StampmillError as error:
        _tell(Lost(str(error)))
        return error.exit_code
    if "ended" not in reason:
        print(f"stampmill guardian: {path}: {reason}; the board is cold", file=sys.stderr)
    return ExitCode.DONE


def _tell(report: Lost) -> None:
    try:
        os.write(1, encode(report))
    except OSError:
        print(f"stampmill guardian: {report.text}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
