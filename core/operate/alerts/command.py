"""The program of the user's that is run for each alert: no shell, a time limit, one at a time."""

import asyncio
import os
import shlex
import shutil
import signal
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping
from contextlib import suppress

from stampmill.core.errors import UsageError
from stampmill.core.operate.alerts.message import Message
from stampmill.core.operate.alerts.outlet import DeliveryError

LIMIT_SECONDS = 30.0
_OURS = ("STAMPMILL_", "NOTIFY_SOCKET", "WATCHDOG_")
"""Variables that it does not get: our settings, with their secrets, and our service manager's."""


class Command:
    """Gets the alert as JSON on its standard input, and as ALERT_... variables."""

    name = "command"

    def __init__(
        self, line: str, environ: Mapping[str, str] = os.environ, limit: float = LIMIT_SECONDS
    ) -> None:
        """Take a line as for a shell; raise UsageError if it names no program."""
        self._arguments = _parted(line)
        self._limit = limit
        self._environ = {
            name: value for name, value in environ.items() if not name.startswith(_OURS)
        }
        if shutil.which(self._arguments[0]) is None:
            raise UsageError(f"alert-command: there is no program '{self._arguments[0]}'")

    async def send(self, message: Message) -> None:
        """Run it to its end; raise DeliveryError if it fails or takes too long."""
        program = self._arguments[0]
        try:
            process = await asyncio.create_subprocess_exec(
                *self._arguments, stdin=PIPE, stdout=DEVNULL, stderr=DEVNULL,
                env=self._environ | message.as_environment(), start_new_session=True,
            )  # fmt: skip
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or error
            raise DeliveryError(f"{program} cannot be run: {why}") from error
        try:
            await asyncio.wait_for(_serve(process, message.as_json()), self._limit)
        except TimeoutError:
            raise DeliveryError(f"{program} was ended: {self._limit:g} s are enough") from None
        finally:
            await _end(process)
        if process.returncode:
            raise DeliveryError(f"{program} failed with exit code {process.returncode}")

    async def close(self) -> None:
        """Nothing to give back: what ran was ended."""


def _parted(line: str) -> list[str]:
    try:
        arguments = shlex.split(line)
    except ValueError as error:
        raise UsageError(f"alert-command: it cannot be parted: {str(error).lower()}") from error
    if not arguments:
        raise UsageError("alert-command: it is empty; name a program")
    return arguments


async def _serve(process: Process, data: bytes) -> None:
    # What does not read its input may end before it is written.
    with suppress(ConnectionError):
        await process.communicate(data)
    await process.wait()


async def _end(process: Process) -> None:
    """End it and what it has started, if it has not ended by itself."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
