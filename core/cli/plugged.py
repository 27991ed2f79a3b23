"""The boards on USB, for `stampmill devices`: what is there, what it lacks, what comes and goes."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from itertools import count
from typing import Any

from stampmill.core.backends.asic.board.probe import probe
from stampmill.core.backends.asic.link.discovery import (
    HERE,
    RULES_FILE,
    FoundBoard,
    Machine,
    UnknownPort,
    find_boards,
    unknown_ports,
)
from stampmill.core.backends.asic.link.watch import BoardChange, BoardWatch

LOOK_EVERY_SECONDS = 1.0


def boards_json(machine: Machine = HERE) -> dict[str, Any]:
    """Return boards and other ports for programs."""
    return {
        "boards": [_board_json(board) for board in find_boards(machine)],
        "ports": [asdict(port) for port in unknown_ports(machine)],
    }


def board_lines(machine: Machine = HERE) -> Iterator[str]:
    """Return boards and other ports for people; nothing where there are none."""
    boards, ports = find_boards(machine), unknown_ports(machine)
    if boards:
        yield "boards"
        for board in boards:
            yield from _board_lines(board)
    if rules := tuple(dict.fromkeys(board.udev_rule for board in boards if board.udev_rule)):
        yield f"put into {RULES_FILE}, then: udevadm control --reload; udevadm trigger"
        yield from rules
    if ports:
        yield "serial ports that may be a board's; --probe PORT asks one"
        yield from map(_port_line, ports)


def ask(path: str) -> str:
    """Ask what is at a port and return it in words; raise what keeps it from answering."""
    return asyncio.run(probe(path))


def watch(
    show: Callable[[str], None],
    *,
    as_json: bool = False,
    machine: Machine = HERE,
    looks: Iterator[object] | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Show boards as they come and go, once for each of `looks` (endless)."""
    boards = BoardWatch()
    for _ in count() if looks is None else looks:
        for change in boards.look(find_boards(machine)):
            show(json.dumps(_change_json(change)) if as_json else _change_line(change))
        sleep(LOOK_EVERY_SECONDS)


def _board_lines(board: FoundBoard) -> Iterator[str]:
    number = f", serial number {board.serial_number}" if board.serial_number else ""
    name = board.name if board.ports else f"USB {board.socket}"
    yield f"  {name:<12}  {board.about}{number}"
    for line in board.missing:
        yield f"    missing: {line}"


def _port_line(port: UnknownPort) -> str:
    return f"  {port.path:<12}  {port.usb_id} {port.text}".rstrip()


def _board_json(board: FoundBoard) -> dict[str, Any]:
    return asdict(board) | {"kind": board.kind.value, "name": board.name}


def _change_json(change: BoardChange) -> dict[str, Any]:
    return {"change": change.change.value} | _board_json(change.board)


def _change_line(change: BoardChange) -> str:
    board = change.board
    lacks = f"; missing: {'; '.join(board.missing)}" if board.missing else ""
    return f"{change.change.value:<9}{board.name}  {board.about} {board.serial_number}{lacks}"
