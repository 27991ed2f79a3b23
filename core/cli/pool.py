"""`stampmill pool`: the embedded pool alone, for any Stratum v1 miner on this machine."""

import argparse
import asyncio
import json
import secrets
import sys
import time
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from stampmill.core.cli import options as shared
from stampmill.core.cli.options import Commands, HelpFormatter
from stampmill.core.cli.report import plural
from stampmill.core.cli.signals import stop_on_signals
from stampmill.core.errors import ExitCode
from stampmill.core.garbage import collected_on_the_side
from stampmill.pool.server.chaos.catalogue import Chaos, chaos_of, listing
from stampmill.pool.server.embedded import EmbeddedPool
from stampmill.pool.server.events import PoolEvent
from stampmill.pool.server.options import PoolOptions
from stampmill.pool.server.sockets.open_files import make_room

_EXAMPLES = """\
examples:
  stampmill pool                                   listen on 127.0.0.1:3333
  stampmill pool --listen 127.0.0.1:0 --json       any free port, totals as JSON at the end
  stampmill pool --chaos rejects,split-packets     misbehave by name; --chaos list tells the names
  minerd -a sha256d -o stratum+tcp://127.0.0.1:3333 -u me -p x
"""


def add_to(commands: Commands, about: str) -> None:
    """Register the command."""
    parser = commands.add_parser(
        "pool",
        help=about,
        description="A Stratum v1 pool over a regtest chain in memory, for miners on this "
        "machine. Its blocks are worth nothing.",
        epilog=_EXAMPLES,
        formatter_class=HelpFormatter,
    )
    default = PoolOptions()
    add = parser.add_argument
    add("--listen", metavar="HOST:PORT", default="127.0.0.1:3333", help="where (127.0.0.1:3333)")
    add(
        "--share-interval",
        type=float,
        metavar="SECONDS",
        default=default.share_interval,
        help="what vardiff aims at for each miner (5)",
    )
    add(
        "--start-difficulty",
        type=float,
        metavar="D",
        default=default.start_difficulty,
        help="of a new miner (7e-6)",
    )
    add("--fixed-difficulty", type=float, metavar="D", help="no vardiff: this for all")
    add(
        "--block-every",
        type=int,
        metavar="N",
        default=default.block_every,
        help="accepted shares to a block (10), 0: never",
    )
    add(
        "--job-interval",
        type=float,
        metavar="SECONDS",
        default=default.job_interval,
        help="between two jobs on the same block (30)",
    )
    add(
        "--clean-every-job", action="store_true", help="each job kills those before: for benchmarks"
    )
    add("--blocks-file", type=Path, metavar="FILE", help="append each raw block to this file")
    add(
        "--tls-cert",
        type=Path,
        metavar="FILE",
        help="speak TLS with this certificate (PEM); the pins for --tls-pin are shown at the start",
    )
    add("--tls-key", type=Path, metavar="FILE", help="its key, if it stands in a file of its own")
    add(
        "--max-connections",
        type=int,
        metavar="N",
        default=default.max_connections,
        help="more are turned away (2000)",
    )
    add(
        "--chaos",
        metavar="NAMES",
        help="misbehave: scenarios joined by commas, 'list' prints them with what they do",
    )
    add("--chaos-seed", type=int, metavar="N", help="the same seed misbehaves in the same way")
    add("--time-limit", type=float, metavar="SECONDS", help="stop after so long")
    add("--json", action="store_true", help="totals as one object on standard output at the end")
    add("-q", "--quiet", action="store_true", help="no line per event")
    parser.set_defaults(run=run)  # fmt: skip


def run(options: argparse.Namespace) -> ExitCode:
    """Serve until interrupted or for the time limit; stopping it is its normal end."""
    if options.chaos == "list":
        print(listing())
    else:
        asyncio.run(_serve(options))
    return ExitCode.DONE


async def _serve(options: argparse.Namespace) -> None:
    chaos = _chaos(options)
    on_event = None if options.quiet else _print_event
    pool = EmbeddedPool(_pool_options(options), on_event=on_event, chaos=chaos)
    _make_room(options.max_connections)
    await pool.start()
    stopped = asyncio.Event()
    stop_on_signals(stopped.set)
    try:
        # A collection among thousands of connections would hold every job up.
        async with collected_on_the_side():
            with suppress(TimeoutError):
                await asyncio.wait_for(stopped.wait(), options.time_limit)
    finally:
        await pool.close()
        _report(pool, as_json=options.json)


def _chaos(options: argparse.Namespace) -> Chaos | None:
    if options.chaos is None:
        return None
    seed = secrets.randbelow(1 << 31) if options.chaos_seed is None else options.chaos_seed
    chaos = chaos_of(options.chaos, seed)
    print(f"misbehaving: {', '.join(chaos.names)}; --chaos-seed {seed}", file=sys.stderr)
    return chaos


def _make_room(connections: int) -> None:
    room = make_room(connections)
    if room < connections:
        print(
            f"room for {room} connections of {connections}: the system allows no more open files; "
            "raise it with ulimit -n",
            file=sys.stderr,
        )


def _pool_options(options: argparse.Namespace) -> PoolOptions:
    host, port = shared.listen_address(options.listen)
    return PoolOptions(
        host=host,
        port=port,
        share_interval=options.share_interval,
        start_difficulty=options.start_difficulty,
        fixed_difficulty=options.fixed_difficulty,
        block_every=options.block_every,
        job_interval=options.job_interval,
        clean_every_job=options.clean_every_job,
        blocks_file=options.blocks_file,
        max_connections=options.max_connections,
        tls_cert=options.tls_cert,
        tls_key=options.tls_key,
    )


def _print_event(event: PoolEvent) -> None:
    clock = time.strftime("%H:%M:%S")
    peer = f" {event.peer}" if event.peer else ""
    print(f"{clock} {event.kind.value:<13}{peer} {event.text}", file=sys.stderr, flush=True)


def _report(pool: EmbeddedPool, *, as_json: bool) -> None:
    shot = pool.snapshot()
    rejected = sum(shot.rejected.values())
    print(
        f"{plural(shot.connections_total, 'connection')}, {shot.accepted} accepted, "
        f"{rejected} rejected, {plural(shot.blocks, 'block')}, height {shot.height}",
        file=sys.stderr,
    )
    if as_json:
        chaos = {} if pool.chaos is None else {"chaos": dict(pool.chaos.acted)}
        print(json.dumps(asdict(shot) | chaos), flush=True)
