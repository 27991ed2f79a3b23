"""A run from its settings to its report: everything that takes part in it, put together."""

import argparse
import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from functools import partial

from stampmill.core.cli import options as shared
from stampmill.core.cli import report
from stampmill.core.cli.alerts import alerting, channels
from stampmill.core.cli.choice import choose_backends
from stampmill.core.cli.energy import EnergyWatch
from stampmill.core.cli.hotplug import joining
from stampmill.core.cli.reload import Apply, Reloader
from stampmill.core.cli.run.backends import hotplug_for, make_backend
from stampmill.core.cli.run.links import Links, open_links
from stampmill.core.cli.run.supply import Supply, open_supply
from stampmill.core.cli.run.tuner import Tuner
from stampmill.core.cli.service import attended
from stampmill.core.cli.signals import pause_on_signals, reload_on_signal, stop_on_signals
from stampmill.core.cli.surfaces import check_surfaces, open_surfaces
from stampmill.core.cli.views import SharedView, View, choose_view
from stampmill.core.energy.plan import plan_of
from stampmill.core.errors import ExitCode
from stampmill.core.events import Notice
from stampmill.core.garbage import collected_on_the_side
from stampmill.core.miner import Miner
from stampmill.core.operate.access import Door
from stampmill.core.operate.desk import Desk
from stampmill.core.operate.service import Notifier
from stampmill.core.settings import MineSettings
from stampmill.pool.audit import AuditEvent, described


def run(options: argparse.Namespace, settings: MineSettings) -> ExitCode:
    """Mine and report."""
    return asyncio.run(_mine(options, settings))


async def _mine(options: argparse.Namespace, settings: MineSettings) -> ExitCode:
    check_surfaces(settings.surfaces)
    plan = plan_of(settings.energy, settings.rules)
    view = _view(options)
    choices = choose_backends(settings)
    backends = [make_backend(choice, view) for choice in choices]
    links = open_links(settings, view)
    told = channels(settings, links.egress)
    async with open_supply(options, settings, view, links) as supply:
        for reason in [reason for choice in choices for reason in choice.passed_over]:
            view(Notice(reason, warning=True))
        miner = Miner(supply.source, backends, observer=view)
        links.audit.record(AuditEvent.STARTED, source=supply.label, settings=described(settings))
        interrupted = stop_on_signals(miner.stop)
        running = dict(zip(choices, backends, strict=True))
        tuner = Tuner(miner, running, partial(make_backend, view=view), partial(_tell, view))
        desk = _desk(miner, supply, tuner, links, view)
        door = Door(settings.surfaces.api_allow)
        energy = EnergyWatch(
            plan, settings, miner, tell=partial(_tell, view),
            record=partial(links.audit.record, AuditEvent.CONTROLLED),
        )  # fmt: skip
        apply = {"surfaces.api-allow": lambda new: door.change(new.surfaces.api_allow)}
        apply |= energy.changes()
        pause_on_signals(desk.pause, partial(desk.resume, "SIGUSR2"))
        reload_on_signal(_reloader(options, settings, desk, links, view=view, apply=apply))
        drawing = asyncio.create_task(_draw(miner, view))
        view.start()
        try:
            hotplug = hotplug_for(settings, miner, running, view)
            async with (
                energy.attended(),
                _watched(settings, desk, view, door),
                alerting(settings, miner, view, desk.snapshot, told),
                aclosing(tuner),
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


def _view(options: argparse.Namespace) -> SharedView:
    lines = options.lines or options.protocol_dump
    return SharedView(choose_view(quiet=options.quiet, lines=lines, log_json=options.log_json))


def _desk(miner: Miner, supply: Supply, tuner: Tuner, links: Links, view: SharedView) -> Desk:
    record = partial(links.audit.record, AuditEvent.CONTROLLED)
    return Desk(miner, supply.pools, tuner, record=record, listen=view.listen)


@asynccontextmanager
async def _watched(
    settings: MineSettings, desk: Desk, view: View, door: Door
) -> AsyncIterator[None]:
    strategy = "Load Balance" if settings.group.load_balance else "Failover"
    surfaces = open_surfaces(settings.surfaces, desk, partial(_tell, view), strategy, door)
    async with surfaces, attended(Notifier(os.environ), desk):
        yield


def _tell(view: View, text: str, warning: bool) -> None:
    view(Notice(text, warning, about="miner"))


def _reloader(
    options: argparse.Namespace,
    settings: MineSettings,
    desk: Desk,
    links: Links,
    *,
    view: View,
    apply: Mapping[str, Apply],
) -> Reloader:
    return Reloader(
        settings,
        partial(shared.settings, options),
        desk,
        tell=partial(_tell, view),
        record=partial(links.audit.record, AuditEvent.RELOADED),
        apply=apply,
    )


async def _draw(miner: Miner, view: View) -> None:
    while True:
        await asyncio.sleep(view.refresh_seconds)
        view.refresh(miner.snapshot())


def _report(options: argparse.Namespace, miner: Miner, supply: Supply) -> None:
    shot = miner.snapshot()
    blocks = supply.blocks() if supply.blocks else shot.blocks
    print(report.summary(shot, blocks), file=sys.stderr, flush=True)
    if options.json:
        print(json.dumps(report.as_json(shot, blocks, supply.label)), flush=True)
