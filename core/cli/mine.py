"""`stampmill mine`: jobs from a pool, or from the embedded one, to accepted shares."""

import argparse
import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING

from stampmill.core.backends import registry
from stampmill.core.backends.base import Backend
from stampmill.core.backends.registry import Choice
from stampmill.core.cli import options as shared
from stampmill.core.cli import report
from stampmill.core.cli.choice import BOARDS, choose_backends
from stampmill.core.cli.hotplug import Hotplug, joining
from stampmill.core.cli.options import Commands, HelpFormatter
from stampmill.core.cli.reload import Reloader
from stampmill.core.cli.service import attended
from stampmill.core.cli.signals import pause_on_signals, reload_on_signal, stop_on_signals
from stampmill.core.cli.surfaces import add_surface_options, check_surfaces, open_surfaces
from stampmill.core.cli.views import View, choose_view
from stampmill.core.errors import ExitCode
from stampmill.core.events import Notice
from stampmill.core.garbage import collected_on_the_side
from stampmill.core.job_source import FixedJobSource, JobSource
from stampmill.core.miner import Miner
from stampmill.core.operate.desk import Desk
from stampmill.core.operate.service import Notifier
from stampmill.core.settings import MineSettings, PoolSettings
from stampmill.pool.audit import AuditEvent, AuditLog, described
from stampmill.pool.client import StratumSource
from stampmill.pool.egress import Egress
from stampmill.pool.group.choice import Balance, Failover, Policy
from stampmill.pool.group.limits import limits_for
from stampmill.pool.group.source import PoolGroup
from stampmill.pool.server.embedded import EmbeddedPool
from stampmill.pool.server.options import PoolOptions
from stampmill.pool.solo.node_url import is_node_url, needs_node
from stampmill.pool.stratum.requests import BIP320_MASK
from stampmill.pool.trace import Direction

if TYPE_CHECKING:
    from stampmill.pool.solo.source import SoloSource

EMBEDDED_SECONDS = 30.0
BENCHMARK_SECONDS = 10.0

_EXAMPLES = """\
examples:
  stampmill mine                                     embedded regtest pool, 30 seconds
  stampmill mine -o pool.example:3333 -u me.rig1     a Stratum v1 pool, until Ctrl-C
  stampmill mine -o http://user:pass@127.0.0.1:8332 --coinbase-addr bc1q...   alone, on a node
  stampmill mine --benchmark --time-limit 5 --json   hash a fixed job, no pool at all
"""


def add_to(commands: Commands) -> None:
    """Register the command."""
    parser = commands.add_parser(
        "mine",
        help="mine on a pool, or on the embedded regtest pool if none is given",
        description="Mines on the pool given by -o. Without one it starts an embedded regtest pool "
        "on loopback, shows an accepted share about every second and stops after 30 s.",
        epilog=_EXAMPLES,
        formatter_class=HelpFormatter,
    )
    shared.add_pool_options(parser)
    shared.add_group_options(parser)
    shared.add_connection_options(parser)
    shared.add_solo_options(parser)
    shared.add_device_options(parser)
    add_surface_options(parser)
    shared.add_asic_options(parser)
    _add_run_options(parser)
    _add_output_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> ExitCode:
    """Mine and report."""
    return asyncio.run(_mine(options, shared.settings(options)))


def _add_run_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("run")
    shared.add_config_option(group)
    group.add_argument("--time-limit", metavar="SECONDS", help="stop after so long")
    group.add_argument("--retries", metavar="N", help="failures in a row before exit 4 (never)")
    group.add_argument("--retry-pause", metavar="SECONDS", help="first pause, then doubled (1)")
    group.add_argument("--benchmark", action="store_true", help="hash a fixed job, without a pool")
    group.add_argument(
        "--block-every", metavar="N", help="embedded pool: accepted shares to a block (10)"
    )


def _add_output_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("output", "Progress goes to standard error.")
    group.add_argument(
        "--json", action="store_true", help="one object on standard output at the end"
    )
    group.add_argument("--lines", action="store_true", help="no live view, one line per event")
    group.add_argument(
        "--log-json", action="store_true", help="one JSON object per event, instead of lines"
    )
    group.add_argument("-q", "--quiet", action="store_true", help="only warnings and the summary")
    group.add_argument(
        "-P", "--protocol-dump", action="store_true", help="show every line to and from the pool"
    )


async def _mine(options: argparse.Namespace, settings: MineSettings) -> ExitCode:
    check_surfaces(settings.surfaces)
    view = choose_view(
        quiet=options.quiet,
        lines=options.lines or options.protocol_dump,
        log_json=options.log_json,
    )
    choices = choose_backends(settings)
    backends = [_backend(choice, view) for choice in choices]
    links = _links(settings, view)
    async with _open_source(options, settings, view, links) as supply:
        for reason in [reason for choice in choices for reason in choice.passed_over]:
            view(Notice(reason, warning=True))
        miner = Miner(supply.source, backends, observer=view)
        links.audit.record(AuditEvent.STARTED, source=supply.label, settings=described(settings))
        interrupted = stop_on_signals(miner.stop)
        desk = _desk(miner, supply.source, links)
        pause_on_signals(desk.pause, partial(desk.resume, "SIGUSR2"))
        reload_on_signal(_reloader(options, settings, desk, links, view))
        drawing = asyncio.create_task(_draw(miner, view))
        view.start()
        try:
            hotplug = _hotplug(settings, miner, dict(zip(choices, backends, strict=True)), view)
            async with (
                _watched(settings, desk, view),
                joining(hotplug),
                collected_on_the_side(),
            ):
                await miner.run(settings.time_limit or supply.default_seconds)
        finally:
            drawing.cancel()
            view.close()
            _report(options, miner, supply)
            links.close(miner)
    return ExitCode.INTERRUPTED if interrupted() else ExitCode.DONE


def _desk(miner: Miner, source: JobSource, links: "_Links") -> Desk:
    record = partial(links.audit.record, AuditEvent.CONTROLLED)
    return Desk(miner, source if isinstance(source, PoolGroup) else None, record=record)


@asynccontextmanager
async def _watched(settings: MineSettings, desk: Desk, view: View) -> AsyncIterator[None]:
    strategy = "Load Balance" if settings.group.load_balance else "Failover"
    surfaces = open_surfaces(settings.surfaces, desk, partial(_tell, view), strategy)
    async with surfaces, attended(Notifier(os.environ), desk):
        yield


def _tell(view: View, text: str, warning: bool) -> None:
    view(Notice(text, warning, about="miner"))


def _reloader(
    options: argparse.Namespace, settings: MineSettings, desk: Desk, links: "_Links", view: View
) -> Reloader:
    return Reloader(
        settings,
        partial(shared.settings, options),
        desk,
        tell=partial(_tell, view),
        record=partial(links.audit.record, AuditEvent.RELOADED),
    )


def _hotplug(
    settings: MineSettings, miner: Miner, running: Mapping[Choice, Backend], view: View
) -> Hotplug | None:
    """Return what lets boards join, if the run was to mine on all boards."""
    boards = {choice: backend for choice, backend in running.items() if choice.name == BOARDS}
    if BOARDS not in settings.devices or not boards:
        return None
    like = next(iter(boards))

    def make(name: str) -> Backend:
        return _backend(replace(like, options=replace(like.options, port=name)), view)

    mined = {choice.options.port: backend for choice, backend in boards.items()}
    tell = partial(_show_device, view)
    return Hotplug(miner, {name: b for name, b in mined.items() if name}, make, tell)


def _show_device(view: View, text: str) -> None:
    view(Notice(text, about="device"))


def _backend(choice: Choice, view: View) -> Backend:
    """Create a backend whose lines, from whatever thread, are shown as notices."""
    loop = asyncio.get_running_loop()

    def tell(line: str) -> None:
        with suppress(RuntimeError):  # the run is over
            loop.call_soon_threadsafe(view, Notice(line, about="device"))

    return registry.create(choice.name, replace(choice.options, tell=tell))


@dataclass(frozen=True, slots=True)
class _Supply:
    """Where a run's jobs come from, and what its report says of it."""

    source: JobSource
    label: str
    default_seconds: float | None = None
    blocks: Callable[[], int] | None = None


@dataclass(frozen=True, slots=True)
class _Links:
    """What the connections to all pools have in common."""

    audit: AuditLog
    egress: Egress | None

    def close(self, miner: Miner) -> None:
        """Write the last line."""
        stats = miner.stats
        counted = ("accepted", "rejected", "stale", "lost", "unanswered", "blocks")
        self.audit.record(AuditEvent.STOPPED, **{name: getattr(stats, name) for name in counted})
        self.audit.close()


def _links(settings: MineSettings, view: View) -> _Links:
    audit = AuditLog(settings.audit_log, on_trouble=lambda text: view(Notice(text, warning=True)))
    if not settings.egress:
        return _Links(audit, None)
    refused = partial(_record_refusal, audit)
    return _Links(audit, Egress(settings.egress, refused))


def _record_refusal(audit: AuditLog, text: str) -> None:
    audit.record(AuditEvent.EGRESS_REFUSED, text=text)


@asynccontextmanager
async def _open_source(
    options: argparse.Namespace, settings: MineSettings, view: View, links: _Links
) -> AsyncIterator[_Supply]:
    if options.benchmark:
        yield _Supply(FixedJobSource(), "benchmark", BENCHMARK_SECONDS)
    elif needs_node(settings) and all(is_node_url(pool.url) for pool in settings.pools):
        alone = _solo(options, settings, links)
        yield _Supply(alone, alone.status().url, blocks=lambda: alone.blocks)
    elif settings.pools:
        source = _pools(options, settings, links)
        yield _Supply(source, source.status().url)
    else:
        async with _embedded(options, settings, view, links) as supply:
            yield supply


@asynccontextmanager
async def _embedded(
    options: argparse.Namespace, settings: MineSettings, view: View, links: _Links
) -> AsyncIterator[_Supply]:
    pool = EmbeddedPool(PoolOptions(share_interval=1.0, block_every=settings.block_every))
    host, port = await pool.start()
    view(Notice("embedded regtest pool, nothing is earned", lasting=True))
    try:
        own = PoolSettings(f"stratum+tcp://{host}:{port}", "stampmill.embedded")
        # Our own pool on loopback is nowhere that a list of the user's would have to allow.
        source = _stratum(options, settings, own, replace(links, egress=None))
        yield _Supply(source, "embedded", EMBEDDED_SECONDS, lambda: pool.snapshot().blocks)
    finally:
        await pool.close()


def _pools(options: argparse.Namespace, settings: MineSettings, links: _Links) -> JobSource:
    """Return the pools in their order; all nodes are one source, in the place of the first."""
    limits = limits_for(settings.group)
    nodes = [pool for pool in settings.pools if is_node_url(pool.url)]
    ranked = [pool for pool in settings.pools if not any(pool is other for other in nodes[1:])]
    # With pools to go to, a node is not waited for as long as when alone.
    sources: list[JobSource] = [
        _solo(options, settings, links, limits.first_job)
        if is_node_url(pool.url)
        else _stratum(options, settings, pool, links)
        for pool in ranked
    ]
    quotas = [pool.quota for pool in ranked]
    if len(sources) == 1:
        return sources[0]
    in_turns = settings.group.load_balance
    policy: Policy = Balance(quotas, limits.slice) if in_turns else Failover()
    return PoolGroup(sources, policy, limits, audit=links.audit)


def _stratum(
    options: argparse.Namespace, settings: MineSettings, pool: PoolSettings, links: _Links
) -> StratumSource:
    return StratumSource(
        pool,
        settings.retry,
        user_agent=f"stampmill/{version('stampmill')}",
        version_mask=_mask(settings),
        timeouts=settings.timeouts,
        egress=links.egress,
        audit=links.audit,
        trace=_print_trace if options.protocol_dump else None,
    )


def _solo(
    options: argparse.Namespace,
    settings: MineSettings,
    links: _Links,
    silence: float | None = None,
) -> "SoloSource":
    # aiohttp takes a quarter of a second to import, which only those pay who mine alone.
    from stampmill.pool.solo.setup import solo_source  # noqa: PLC0415

    return solo_source(
        settings,
        egress=links.egress,
        audit=links.audit,
        trace=_print_trace if options.protocol_dump else None,
        version_mask=_mask(settings),
        silence=silence,
    )


def _mask(settings: MineSettings) -> int:
    return BIP320_MASK if settings.asicboost else 0


def _print_trace(direction: Direction, line: bytes) -> None:
    print(f"{direction.value} {line.decode(errors='replace')}", file=sys.stderr, flush=True)


async def _draw(miner: Miner, view: View) -> None:
    while True:
        await asyncio.sleep(view.refresh_seconds)
        view.refresh(miner.snapshot())


def _report(options: argparse.Namespace, miner: Miner, supply: _Supply) -> None:
    shot = miner.snapshot()
    blocks = supply.blocks() if supply.blocks else shot.blocks
    print(report.summary(shot, blocks), file=sys.stderr, flush=True)
    if options.json:
        print(json.dumps(report.as_json(shot, blocks, supply.label)), flush=True)
