"""`stampmill emulate`: a board that is not there, on a pseudo-terminal, for drivers to talk to."""

import argparse
import asyncio
import json
import secrets
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from stampmill.core.backends.asic.control.replies import Variant
from stampmill.core.cli import report
from stampmill.core.cli.options import Commands, HelpFormatter
from stampmill.core.cli.signals import stop_on_signals
from stampmill.core.emulator.boards.board import Board
from stampmill.core.emulator.boards.kinds import KINDS, BoardOptions, build
from stampmill.core.emulator.faults.catalogue import listing, parse
from stampmill.core.emulator.replay import replayed
from stampmill.core.emulator.session import Session
from stampmill.core.errors import ExitCode, UsageError

_STATUS_SECONDS = 1.0

_EXAMPLES = """\
examples:
  stampmill emulate bm1370 --link /tmp/board          and, in another terminal:
  stampmill mine -d asic:/tmp/board --json            mines on it at the embedded pool
  stampmill emulate bm1362 --chips 12 --hashrate 1e7  a chain of 12, ten times as fast
  stampmill emulate bm1370 --fault flipped-bit:10 --fault brown-out:30 --seed 7
  stampmill emulate bm1366 --replay --hashrate 1e12   captured answers, at the rate of a real chip
  stampmill emulate --list                            every kind of board
  stampmill emulate bm1370 --fault list               everything that can go wrong

The board hashes really: it answers with nonces that solve what came over the line, and no others.
A real chip reports nothing easier than 32 zero bits, and --zero-bits is the one thing in which this
one deviates. The driver is told by the file PATH.json beside the link, which it reads only where
the port is a pseudo-terminal. What is emulated, what is pinned by captures and what is only
inferred: core/emulator/README.md.
"""


def add_to(commands: Commands, about: str) -> None:
    """Register the command."""
    parser = commands.add_parser(
        "emulate",
        help=about,
        description="Opens a pseudo-terminal and behaves on it as a board of this kind does on a "
        "serial line, until interrupted. Boards with a second port have it at PATH.control.",
        epilog=_EXAMPLES,
        formatter_class=HelpFormatter,
    )
    add = parser.add_argument
    add("kind", nargs="?", metavar="KIND", help=", ".join(KINDS))
    add("--list", action="store_true", help="print the kinds of boards, and stop")
    add("--chips", type=int, metavar="N", help="chips in the chain (1; an emberone has 12)")
    add(
        "--hashrate",
        type=float,
        metavar="H",
        default=1e6,
        help="hashes per second of the whole board at its default clock (1e6)",
    )
    add(
        "--zero-bits",
        type=int,
        metavar="N",
        help="zero bits of the easiest hash it reports, 32 as on silicon (so many that, with the "
        "usual ticket of 256, about one nonce a second comes)",
    )
    add("--link", type=Path, metavar="PATH", help="make this name lead to the port")
    add(
        "--fault",
        action="append",
        default=[],
        metavar="NAME[:N]",
        help="go wrong in this way; repeatable; 'list' prints them all",
    )
    add(
        "--firmware",
        choices=[variant.value for variant in Variant],
        help="what the bridge of a bitaxe or emberone answers like (v0; an emberone v1)",
    )
    add("--seed", type=int, metavar="N", help="the same seed goes wrong in the same way")
    add(
        "--replay",
        action="store_true",
        help="do not hash: answer captured jobs with their captured nonces, at random times as "
        "often as the rate and the ticket make it, 32 zero bits as on silicon",
    )
    add("--time-limit", type=float, metavar="SECONDS", help="stop after so long")
    add("--json", action="store_true", help="one object a line on standard output")
    add("-q", "--quiet", action="store_true", help="no status lines")
    parser.set_defaults(run=run)  # fmt: skip


def run(options: argparse.Namespace) -> ExitCode:
    """Emulate until interrupted or for the time limit; stopping it is its normal end."""
    if options.list:
        for name, kind in KINDS.items():
            print(f"{name:<14}{kind.about}")
        return ExitCode.DONE
    if "list" in options.fault:
        print(listing())
        return ExitCode.DONE
    if options.kind is None:
        raise UsageError(f"emulate what? There are {', '.join(KINDS)}")
    return asyncio.run(_emulate(options))


async def _emulate(options: argparse.Namespace) -> ExitCode:
    seed = secrets.randbelow(1 << 31) if options.seed is None else options.seed
    board = _board(options, seed)
    tell = _tell_json if options.json else _tell
    session = Session(board, options.link, on_event=lambda text: tell(board, text, {}))
    stopped = asyncio.Event()
    stop_on_signals(stopped.set)
    session.open()
    try:
        _introduce(session, options, seed)
        await _show_until(stopped, session, options, tell)
    finally:
        session.close()
    tell(board, "end", _status(session))
    return ExitCode.DONE


def _board(options: argparse.Namespace, seed: int) -> Board:
    wanted = BoardOptions(
        options.kind, options.chips, options.hashrate, options.zero_bits,
        parse(options.fault), seed, f"emulated-{seed}",
        Variant(options.firmware) if options.firmware else None,
    )  # fmt: skip
    if not options.replay:
        return build(wanted)
    return replayed(replace(wanted, zero_bits=options.zero_bits or 32))


def _introduce(session: Session, options: argparse.Namespace, seed: int) -> None:
    board, facts = session.board, session.board.facts
    if options.json:
        ports = {suffix.lstrip(".") or "data": name for suffix, name in session.names.items()}
        about = {"event": "open", **facts, "ports": ports, "seed": seed, "faults": options.fault}
        print(json.dumps(about | {"link": str(options.link) if options.link else None}), flush=True)
        return
    chips = f"{facts['chips']} x {facts['chip']}" if facts["chip"] else board.kind
    rate = report.hashrate(float(str(facts["hashrate"])))
    print(f"{board.kind}: {board.about}; {chips}, {rate}, seed {seed}")
    print(f"  a nonce is reported at {_bits(facts['zero_bits'])}")
    for suffix, name in session.names.items():
        link = f", linked from {options.link}{suffix}" if options.link else ""
        print(f"  {suffix.lstrip('.') or 'data':<8}{name}{link}", flush=True)


def _bits(zero_bits: object) -> str:
    more = "as on silicon" if zero_bits == 32 else "where silicon wants 32"
    return f"{zero_bits} zero bits, {more}, and what the ticket mask adds"


async def _show_until(
    stopped: asyncio.Event,
    session: Session,
    options: argparse.Namespace,
    tell: Callable[[Board, str, dict[str, float]], None],
) -> None:
    """Show a status every second until stopped, or until the time is over."""
    loop = asyncio.get_running_loop()
    end = None if options.time_limit is None else loop.time() + options.time_limit
    while not stopped.is_set() and (end is None or loop.time() < end):
        wait = _STATUS_SECONDS if end is None else min(_STATUS_SECONDS, end - loop.time())
        with suppress(TimeoutError):
            await asyncio.wait_for(stopped.wait(), max(wait, 0))
        if not options.quiet:
            tell(session.board, "status", _status(session))


def _status(session: Session) -> dict[str, float]:
    counts = session.board.counters()
    seconds = session.clock.now
    rate = counts.get("hashes", 0) / seconds if seconds else 0.0
    return {
        "seconds": round(seconds, 3), "lost_seconds": round(session.clock.lost, 3),
        "hashrate": round(rate, 1), **counts,
    }  # fmt: skip


def _tell_json(board: Board, event: str, status: dict[str, float]) -> None:
    print(json.dumps({"event": event, "kind": board.kind, **status}), flush=True)


def _tell(board: Board, event: str, status: dict[str, float]) -> None:  # noqa: ARG001
    if not status:
        print(event, flush=True)
        return
    faults = [f"{name[6:]} {n:g}" for name, n in status.items() if name.startswith("fault ")]
    parts = [
        f"{status['seconds']:8.1f} s",
        report.hashrate(status["hashrate"]),
        report.plural(int(status.get("jobs", 0)), "job"),
        report.plural(int(status.get("nonces", 0)), "nonce"),
    ]
    if "mhz" in status:
        parts.append(f"{status['mhz']:g} MHz, {status['baud']:g} baud")
    if "celsius" in status:
        parts.append(f"{status['celsius']:g} degC, {status['volts']:g} V")
    file = sys.stderr if event == "end" else sys.stdout
    print("  ".join(parts + faults), file=file, flush=True)
