"""Alerts of a run: who is told, and what looks at it once a second while it lasts."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial

from stampmill.core.errors import UsageError
from stampmill.core.events import Notice, Observer
from stampmill.core.miner import Miner
from stampmill.core.operate.alerts.message import message
from stampmill.core.operate.alerts.outlet import Channel, Outlet
from stampmill.core.operate.alerts.watch import AlertWatch, News, notice, rules_for
from stampmill.core.settings import AlertSettings, MineSettings
from stampmill.core.snapshot import Snapshot
from stampmill.pool.egress import Egress

LOOK_SECONDS = 1.0


def channels(settings: MineSettings, egress: Egress | None) -> list[Channel]:
    """Return who is told; raise UsageError or MissingExtraError for who cannot be."""
    said = settings.alerts
    found: list[Channel] = []
    if said.command is not None:
        from stampmill.core.operate.alerts.command import Command  # noqa: PLC0415  as below

        found.append(Command(said.command))
    if said.webhook is not None:
        _refuse_past_proxies(settings, "alert-webhook")
        # aiohttp takes a quarter of a second to import, which only those pay who asked for it.
        from stampmill.core.operate.alerts.webhook import Webhook  # noqa: PLC0415

        found.append(Webhook(said.webhook, egress))
    if said.notify:
        _refuse_past_proxies(settings, "alert-notify")
        found.append(_notify(said, egress))
    return found


@asynccontextmanager
async def alerting(
    settings: MineSettings,
    miner: Miner,
    observer: Observer,
    look: Callable[[], Snapshot],
    told: Sequence[Channel],
) -> AsyncIterator[None]:
    """Look at a run once a second while inside; its snapshots have the alerts, also afterwards."""
    outlets = [Outlet(channel, partial(_warn, observer)) for channel in told]
    watch = AlertWatch(
        rules_for(settings.alerts, in_turns=settings.group.load_balance),
        partial(_tell, observer, outlets, socket.gethostname()),
        lambda: tuple(count for outlet in outlets for count in outlet.counts.items()),
    )
    miner.amend(watch.amend)
    for outlet in outlets:
        outlet.start()
    looking = asyncio.create_task(_look_regularly(watch, look, observer))
    try:
        yield
    finally:
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)
        await asyncio.gather(*(outlet.close() for outlet in outlets))


async def _look_regularly(
    watch: AlertWatch, look: Callable[[], Snapshot], observer: Observer
) -> None:
    while True:
        try:
            watch.look(look())
        except Exception as error:  # mining does not end for want of alerts
            _warn(observer, f"no alerts from now on, as looking failed: {error!r}")
            return
        await asyncio.sleep(LOOK_SECONDS)


def _tell(observer: Observer, outlets: Sequence[Outlet], host: str, news: News) -> None:
    observer(notice(news))
    for outlet in outlets:
        outlet.put(message(news, host))


def _warn(observer: Observer, text: str) -> None:
    observer(Notice(text, warning=True, about="miner"))


def _notify(said: AlertSettings, egress: Egress | None) -> Channel:
    if egress is not None:
        raise UsageError(
            "alert-notify: apprise connects past --egress; take --alert-webhook, or leave one out"
        )
    from stampmill.core.operate.alerts.notify import Notify  # noqa: PLC0415  it wants an extra

    return Notify(said.notify)


def _refuse_past_proxies(settings: MineSettings, key: str) -> None:
    """Raise UsageError where pools are reached through a proxy, to hide where we are perhaps."""
    if any(pool.proxy for pool in settings.pools):
        raise UsageError(
            f"{key}: it would be reached past the proxy of the pools; take --alert-command, with "
            "a program that goes through it"
        )
