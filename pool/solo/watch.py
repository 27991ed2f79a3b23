"""Accepted blocks looked after until their coins can be spent, from one run to the next."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec

from stampmill.pool.payout.chains import Chain
from stampmill.pool.solo.block_folder import BlockFolder
from stampmill.pool.solo.errors import NodeError
from stampmill.pool.solo.feed import Caller, Sleep

CHECKS = (0.0, 60.0, *[600.0] * 144)
"""Seconds between the looks at an accepted block: at once, after a minute, then for a day."""
MATURE = 100
"""Confirmations after which a coinbase can be spent."""


@dataclass(frozen=True, slots=True)
class AcceptedBlock:
    """Where a block is to be found; the hash as explorers show it."""

    chain: Chain
    height: int
    hash: str


class WatchListener(Protocol):
    """What is told of accepted blocks."""

    def on_notice(self, text: str, *, warning: bool = False) -> None:
        """Show a line to the user."""


class Watch:
    """Looks at accepted blocks now and then, for one that was taken may be left aside later.

    Which ones are watched stands in the folder of blocks. So a node that is hung up on, or a miner
    that is stopped, goes on with them. `nodes` returns those that are asked.
    """

    def __init__(
        self,
        nodes: Callable[[], Sequence[Caller]],
        folder: BlockFolder,
        listener: WatchListener,
        sleep: Sleep,
    ) -> None:
        self._nodes = nodes
        self._folder = folder
        self._listener = listener
        self._sleep = sleep
        self._tasks: dict[AcceptedBlock, asyncio.Task[None]] = {}

    def look_once(self, block: AcceptedBlock) -> None:
        """See whether a block is in the main chain now."""
        self._begin(block, CHECKS[:1])

    def begin(self, block: AcceptedBlock) -> None:
        """Look after a block from now on."""
        try:
            self._folder.mark(block.chain, block.height, block.hash)
        except OSError as error:
            text = f"block {block.height} is watched in this run only: {error.strerror or error}"
            self._listener.on_notice(text, warning=True)
        self._begin(block, CHECKS)

    def resume(self, chains: Collection[Chain]) -> None:
        """Go on with the blocks of these chains that an earlier run looked after."""
        for chain in chains:
            for height, block_hash in self._folder.marked(chain):
                self._begin(AcceptedBlock(chain, height, block_hash), CHECKS)

    async def close(self) -> None:
        """Stop looking; the folder keeps what is not mature."""
        tasks = tuple(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _begin(self, block: AcceptedBlock, checks: Sequence[float]) -> None:
        if block not in self._tasks:
            self._tasks[block] = task = asyncio.create_task(self._follow(block, checks))
            task.add_done_callback(lambda _: self._tasks.pop(block, None))

    async def _follow(self, block: AcceptedBlock, checks: Sequence[float]) -> None:
        known = False
        for pause in checks:
            if pause:
                await self._sleep(pause)
            confirmations = await self._confirmations(block)
            if confirmations is None:
                continue
            known = True
            if confirmations < 1:
                text = f"block {block.height} {block.hash} is not in the main chain any more"
                self._listener.on_notice(text, warning=True)
            if confirmations >= MATURE:
                self._listener.on_notice(f"block {block.height} {block.hash} is mature")
                break
        if known:
            self._folder.unmark(block.chain, block.height, block.hash)

    async def _confirmations(self, block: AcceptedBlock) -> int | None:
        """Return what the first node that knows it says; -1 is off the main chain."""
        for node in self._nodes():
            try:
                result = await node.call("getblockheader", block.hash)
                return msgspec.json.decode(result, type=_Header).confirmations
            except (NodeError, ValueError, RecursionError):
                continue
        return None


class _Header(msgspec.Struct):
    confirmations: int
