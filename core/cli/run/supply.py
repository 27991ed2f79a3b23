"""Where the jobs of a run come from: pools, nodes, the embedded pool, or one fixed job."""

import argparse
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from stampmill.core.cli.run.links import Links
from stampmill.core.cli.run.pools import Pools
from stampmill.core.cli.version import version
from stampmill.core.cli.views import View
from stampmill.core.events import Notice
from stampmill.core.job_source import FixedJobSource, JobSource
from stampmill.core.settings import MineSettings, PoolSettings
from stampmill.pool.client import StratumSource
from stampmill.pool.group.choice import Balance, Failover, Policy
from stampmill.pool.group.limits import limits_for
from stampmill.pool.group.source import PoolGroup
from stampmill.pool.solo.node_url import is_node_url, needs_node
from stampmill.pool.stratum.requests import BIP320_MASK
from stampmill.pool.trace import Direction

if TYPE_CHECKING:
    from stampmill.pool.solo.source import SoloSource

EMBEDDED_SECONDS = 30.0
BENCHMARK_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Supply:
    """Where a run's jobs come from, and what its report says of it."""

    source: JobSource
    label: str
    default_seconds: float | None = None
    blocks: Callable[[], int] | None = None
    pools: Pools | None = None
    """What the user's pools are steered by; None: they are not his."""


@asynccontextmanager
async def open_supply(
    options: argparse.Namespace, settings: MineSettings, view: View, links: Links
) -> AsyncIterator[Supply]:
    """Make the source that the settings want, and keep the embedded pool up while inside."""
    if options.benchmark:
        yield Supply(FixedJobSource(), "benchmark", BENCHMARK_SECONDS)
    elif needs_node(settings) and all(is_node_url(pool.url) for pool in settings.pools):
        alone = _solo(options, settings, links)
        supply = _grouped(options, settings, links, [alone], settings.pools[:1])
        yield replace(supply, blocks=lambda: alone.blocks)
    elif settings.pools:
        yield _pools(options, settings, links)
    else:
        async with _embedded(options, settings, view, links) as supply:
            yield supply


@asynccontextmanager
async def _embedded(
    options: argparse.Namespace, settings: MineSettings, view: View, links: Links
) -> AsyncIterator[Supply]:
    # A server with all its chaos, for those alone who have no pool of their own.
    from stampmill.pool.server.embedded import EmbeddedPool  # noqa: PLC0415
    from stampmill.pool.server.options import PoolOptions  # noqa: PLC0415

    pool = EmbeddedPool(PoolOptions(share_interval=1.0, block_every=settings.block_every))
    host, port = await pool.start()
    view(Notice("embedded regtest pool, nothing is earned", lasting=True))
    try:
        own = PoolSettings(f"stratum+tcp://{host}:{port}", "stampmill.embedded")
        # Our own pool on loopback is nowhere that a list of the user's would have to allow.
        source = _stratum(options, settings, own, replace(links, egress=None))
        yield Supply(source, "embedded", EMBEDDED_SECONDS, lambda: pool.snapshot().blocks)
    finally:
        await pool.close()


def _pools(options: argparse.Namespace, settings: MineSettings, links: Links) -> Supply:
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
    return _grouped(options, settings, links, sources, ranked)


def _grouped(
    options: argparse.Namespace,
    settings: MineSettings,
    links: Links,
    sources: Sequence[JobSource],
    pools: Sequence[PoolSettings],
) -> Supply:
    """Return a group, of one pool too: others may join it."""
    limits = limits_for(settings.group)
    in_turns = settings.group.load_balance
    policy: Policy = Balance(limits.slice) if in_turns else Failover()
    quotas = [pool.quota for pool in pools]
    group = PoolGroup(sources, policy, limits, quotas=quotas, audit=links.audit)
    steering = Pools(group, pools, lambda pool: _stratum(options, settings, pool, links))
    return Supply(group, group.status().url, pools=steering)


def _stratum(
    options: argparse.Namespace, settings: MineSettings, pool: PoolSettings, links: Links
) -> StratumSource:
    return StratumSource(
        pool,
        settings.retry,
        user_agent=f"stampmill/{version()}",
        version_mask=_mask(settings),
        timeouts=settings.timeouts,
        egress=links.egress,
        audit=links.audit,
        trace=_print_trace if options.protocol_dump else None,
    )


def _solo(
    options: argparse.Namespace,
    settings: MineSettings,
    links: Links,
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
