"""The backends of a run: made from the choices, and joined by boards that are plugged in later."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial

from stampmill.core.backends import registry
from stampmill.core.backends.base import Backend
from stampmill.core.backends.registry import Choice
from stampmill.core.cli.choice import BOARDS
from stampmill.core.cli.hotplug import Hotplug
from stampmill.core.cli.views import View
from stampmill.core.events import Notice
from stampmill.core.miner import Miner
from stampmill.core.settings import MineSettings


def make_backend(choice: Choice, view: View) -> Backend:
    """Create a backend whose lines, from whatever thread, are shown as notices."""
    loop = asyncio.get_running_loop()

    def tell(line: str) -> None:
        with suppress(RuntimeError):  # the run is over
            loop.call_soon_threadsafe(view, Notice(line, about="device"))

    return registry.create(choice.name, replace(choice.options, tell=tell))


def hotplug_for(
    settings: MineSettings, miner: Miner, running: Mapping[Choice, Backend], view: View
) -> Hotplug | None:
    """Return what lets boards join, if the run was to mine on all boards."""
    boards = {choice: backend for choice, backend in running.items() if choice.name == BOARDS}
    if BOARDS not in settings.devices or not boards:
        return None
    like = next(iter(boards))

    def make(name: str) -> Backend:
        return make_backend(replace(like, options=replace(like.options, port=name)), view)

    mined = {choice.options.port: backend for choice, backend in boards.items()}
    tell = partial(_show_device, view)
    return Hotplug(miner, {name: b for name, b in mined.items() if name}, make, tell)


def _show_device(view: View, text: str) -> None:
    view(Notice(text, about="device"))
