"""`stampmill top`: the live view of a run in another process."""

import argparse
import http.client
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress

import msgspec

from stampmill.core.cli.flags.surfaces import HTTP_PLACE
from stampmill.core.cli.options import Commands
from stampmill.core.cli.views import View, choose_view
from stampmill.core.errors import ExitCode, StampmillError, UsageError
from stampmill.core.events import Notice
from stampmill.core.operate.service import Pulse
from stampmill.core.operate.transfer import decode
from stampmill.core.snapshot import Snapshot

EVERY_SECONDS = 1.0
CHECK_SECONDS = 3.0
"""Longer than a GPU's longest launch, and than the second between two readings of the devices."""
PATIENCE = 5.0
MAX_BYTES = 16 << 20


class NoRunError(StampmillError):
    """No run could be seen where one was looked for."""


def add_to(commands: Commands, about: str) -> None:
    """Register the command."""
    parser = commands.add_parser(
        "top",
        help=about,
        description="Shows what `stampmill mine` shows, of a run that was started with "
        "--http-listen. Where standard error is no terminal it prints the rate now and then.",
    )
    parser.add_argument(
        "place", nargs="?", default=HTTP_PLACE, metavar="HOST:PORT", help=f"({HTTP_PLACE})"
    )
    parser.add_argument("--lines", action="store_true", help="no live view")
    parser.add_argument(
        "--check",
        action="store_true",
        help="show nothing: exit 0 if the run hashes, or has a reason not to, and else 1",
    )
    parser.add_argument("--time-limit", type=float, metavar="SECONDS", help="stop after so long")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> ExitCode:
    """Watch until interrupted; raise NoRunError if there is nothing to see at the start."""
    url = url_of(options.place)
    first = fetch(url)
    if options.check:
        return check(first, lambda: fetch(url))
    view = choose_view(quiet=False, lines=options.lines)
    view.start()
    try:
        with suppress(KeyboardInterrupt):
            watch(view, first, lambda: fetch(url), options.time_limit)
    finally:
        view.close()
    return ExitCode.DONE


def watch(
    view: View,
    first: Snapshot,
    look: Callable[[], Snapshot],
    limit: float | None,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Show snapshots as they come; a run that is gone is waited for."""
    shot, there, seconds = first, True, 0.0
    while limit is None or seconds < limit:
        view.refresh(shot)
        sleep(EVERY_SECONDS)
        seconds += EVERY_SECONDS
        try:
            shot = look()
        except NoRunError as error:
            if there:
                view(Notice(f"{error}; looking again every second", warning=True, about="miner"))
            there = False
        else:
            if not there:
                view(Notice("the run is back", about="miner"))
            there = True


def check(
    first: Snapshot, look: Callable[[], Snapshot], sleep: Callable[[float], None] = time.sleep
) -> ExitCode:
    """Tell whether a run does its work between two looks; raise NoRunError if it is gone."""
    pulse = Pulse()
    pulse.beats(first)
    sleep(CHECK_SECONDS)
    return ExitCode.DONE if pulse.beats(look()) else ExitCode.FAILURE


def fetch(url: str) -> Snapshot:
    """Return the snapshot at a URL; raise NoRunError."""
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE) as reply:  # noqa: S310  http:// alone
            return decode(reply.read(MAX_BYTES))
    except urllib.error.URLError as error:
        raise NoRunError(f"no run at {url}: {getattr(error, 'reason', error)}") from error
    except (OSError, http.client.HTTPException, msgspec.MsgspecError) as error:
        raise NoRunError(f"no run of this version at {url}: {error}") from error


def url_of(place: str) -> str:
    """Return where the snapshot is; raise UsageError for what is no host with a port."""
    host, _, port = place.removeprefix("http://").rstrip("/").rpartition(":")
    if not host or not port.isdecimal():
        raise UsageError(f"'{place}' names no run: write host:port, such as {HTTP_PLACE}")
    return f"http://{host}:{port}/api/snapshot"
