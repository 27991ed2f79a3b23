"""An emulated board on pseudo-terminals, in real time, on one event loop."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from stampmill.core.emulator.boards.board import Board
from stampmill.core.emulator.line.link import Link
from stampmill.core.emulator.line.pty import PseudoTerminal

TICK = 0.005
"""Seconds between two looks at what the chips have found."""
REPLUG_SECONDS = 2.0

_LONGEST_STEP = 0.1
"""What a busy machine loses is not made up for: the board would only fall further back."""
_MOST_UNREAD = 65_536


class PacedClock:
    """Seconds since the start, which pass no faster than they can be worked off."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.now = 0.0
        self.lost = 0.0
        self._clock = clock
        self._last = clock()

    def step(self) -> float:
        """Go on to the present, or towards it; return the time."""
        last, self._last = self._last, self._clock()
        passed = self._last - last
        self.now += min(passed, _LONGEST_STEP)
        self.lost += max(passed - _LONGEST_STEP, 0.0)
        return self.now


@dataclass(slots=True)
class _Plug:
    """One port as the driver sees it, while it is plugged in."""

    suffix: str
    link: Link | None
    terminal: PseudoTerminal
    unread: bytes = b""


class Session:
    """Runs a board between `open` and `close`. With a link, that name leads to its first port."""

    def __init__(
        self,
        board: Board,
        link: Path | None = None,
        *,
        on_event: Callable[[str], None] = lambda _text: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.board = board
        self.clock = PacedClock(clock)
        self._links = {port.suffix: _link(board, link, port.suffix) for port in board.ports}
        self._on_event = on_event
        self._plugs: dict[str, _Plug] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._next_unplug = board.unplug_every
        self._back_at: float | None = None
        self._former: frozenset[str] = frozenset()
        self._reserved: list[PseudoTerminal] = []

    @property
    def names(self) -> Mapping[str, str]:
        """The port names by suffix; empty while unplugged."""
        return {suffix: plug.terminal.name for suffix, plug in self._plugs.items()}

    def open(self) -> None:
        """Plug it in; raise UsageError if a link cannot be made."""
        self.clock.step()
        self._plug_in()
        self._turn()

    def close(self) -> None:
        """Unplug it for good."""
        if self._timer is not None:
            self._timer.cancel()
        self._free_reserved()
        self._pull_out()

    def _free_reserved(self) -> None:
        for terminal in self._reserved:
            terminal.close()
        self._reserved = []

    def _plug_in(self) -> None:
        loop = asyncio.get_running_loop()
        for port in self.board.ports:
            plug = _Plug(port.suffix, self._links[port.suffix], self._fresh_terminal())
            self._plugs[port.suffix] = plug
            loop.add_reader(plug.terminal.master, self._read, plug)
        for plug in self._plugs.values():
            if plug.link is not None:
                plug.link.put(plug.terminal.name)

    def _fresh_terminal(self) -> PseudoTerminal:
        """Return one of another name than before.

        The system gives the lowest free number out, and a driver may have kept the old one from
        being free until just now.
        """
        while (terminal := PseudoTerminal()).name in self._former:
            self._reserved.append(terminal)
        return terminal

    def _pull_out(self) -> None:
        loop = asyncio.get_running_loop()
        for plug in self._plugs.values():
            loop.remove_reader(plug.terminal.master)
            if plug.link is not None:
                plug.link.take_away()
            plug.terminal.close()
        self._plugs.clear()

    def _read(self, plug: _Plug) -> None:
        baud = plug.terminal.baud
        if data := plug.terminal.read():
            port = next(port for port in self.board.ports if port.suffix == plug.suffix)
            port.emulation.host_wrote(data, self.clock.step(), baud)
            self._turn()

    def _turn(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        now = self.clock.step()
        self._plug_or_unplug(now)
        self._exchange(now)
        delay = TICK if self.board.next_at is None else min(max(self.board.next_at - now, 0), TICK)
        self._timer = asyncio.get_running_loop().call_later(max(delay, 0.0002), self._turn)

    def _exchange(self, now: float) -> None:
        for port in self.board.ports:
            plug = self._plugs.get(port.suffix)
            pieces = port.emulation.poll(now, plug.terminal.baud if plug else 0.0)
            for piece in pieces if plug else ():
                self._hand_over(plug, piece)

    def _hand_over(self, plug: _Plug | None, piece: bytes) -> None:
        """Write to the driver; what a stopped one does not take waits, up to a limit."""
        if plug is None:
            return
        data = plug.unread + piece
        plug.unread = data[plug.terminal.write(data) :]
        if len(plug.unread) > _MOST_UNREAD:
            self.board.injected["overrun"] += len(plug.unread)
            plug.unread = b""

    def _plug_or_unplug(self, now: float) -> None:
        if self._back_at is not None and now >= self._back_at:
            self._back_at = None
            self._plug_in()
            self._free_reserved()
            self._on_event(f"plugged in as {self.names['']}")
        elif self._next_unplug is not None and self._plugs and now >= self._next_unplug:
            self._next_unplug = now + REPLUG_SECONDS + (self.board.unplug_every or 0)
            self._back_at = now + REPLUG_SECONDS
            self._unplug(now)

    def _unplug(self, now: float) -> None:
        self.board.injected["unplug"] += 1
        self.board.on_unplugged(now)
        self._former = frozenset(self.names.values())
        self._pull_out()
        self._on_event("unplugged")


def _link(board: Board, path: Path | None, suffix: str) -> Link | None:
    if path is None:
        return None
    if suffix:
        return Link(path.with_name(path.name + suffix))
    others = {
        port.suffix.lstrip("."): str(path) + port.suffix for port in board.ports if port.suffix
    }
    return Link(path, {**board.facts, **others})
