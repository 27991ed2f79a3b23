"""Found blocks on their way: onto the disk, then to every node at once, until one has answered."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from stampmill.core.chain.header import display
from stampmill.core.job import Share, ShareResult, Verdict
from stampmill.core.rate_limit import RateLimit
from stampmill.pool.payout.chains import Chain
from stampmill.pool.solo import rpc, submission
from stampmill.pool.solo.block_folder import BlockFolder, secure
from stampmill.pool.solo.errors import NodeError
from stampmill.pool.solo.feed import Caller, Sleep
from stampmill.pool.solo.submission import BlockAnswer, Fate, as_result
from stampmill.pool.solo.watch import AcceptedBlock, Watch

SUBMIT_SECONDS = 60.0
"""Patience with a node that has a block of 4 MB to check."""
PAUSES = (0.1, 0.3, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0)
"""Seconds between the tries at a node that does not answer: four within two seconds."""


@dataclass(frozen=True, slots=True)
class FoundBlock:
    """A solved block, and what is needed to hand it in."""

    share: Share
    raw: bytes
    height: int
    chain: Chain
    work_id: str | None

    @property
    def hash(self) -> str:
        """Its hash as explorers show it."""
        return display(self.share.hash)


class DeliveryListener(Protocol):
    """What is told of found blocks."""

    def on_delivered(self, block: FoundBlock, result: ShareResult) -> None:
        """Take the one verdict on a block."""

    def on_notice(self, text: str, *, warning: bool = False) -> None:
        """Show a line to the user."""


class Deliveries:
    """Hands blocks in. Each gets its one result, whatever happens to disk and nodes.

    `nodes` returns those that a block goes to, one at least.
    """

    def __init__(
        self,
        nodes: Callable[[], Sequence[Caller]],
        folder: BlockFolder,
        listener: DeliveryListener,
        *,
        clock: Callable[[], float],
        sleep: Sleep,
    ) -> None:
        self.unwritten = 0
        """Blocks that the disk did not take."""
        self.watch = Watch(nodes, folder, listener, sleep)
        """What looks after those that a node took."""
        self._nodes = nodes
        self._folder = folder
        self._listener = listener
        self._clock = clock
        self._sleep = sleep
        self._open: dict[int, FoundBlock] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._settled = asyncio.Event()
        self._warnings = RateLimit(burst=10, seconds=60)

    @property
    def pending(self) -> int:
        """Blocks without a verdict."""
        return len(self._open)

    def keep(self, block: FoundBlock) -> Path | None:
        """Write a block to disk; where that fails, say so loudly and go on."""
        try:
            return self._folder.write(block.chain, block.height, block.raw)
        except OSError as error:
            self.unwritten += 1
            self._listener.on_notice(
                f"block {block.height} {block.hash} could not be written to {self._folder.path}: "
                f"{error.strerror or error}; it is submitted all the same; make room there",
                warning=True,
            )
            return None

    def hand_in(self, block: FoundBlock) -> None:
        """Write a block, then submit it to every node, in the background."""
        self._settled.clear()
        path = self.keep(block)
        self._open[id(block.share)] = block
        self._spawn(self._submit(block, path))
        if path is not None:
            self._spawn(self._secure(path))

    async def settle(self, seconds: float) -> None:
        """Wait at most so long for verdicts, then report what is left as lost."""
        if self._open:
            waits = [
                asyncio.create_task(self._settled.wait()),
                asyncio.ensure_future(self._sleep(seconds)),
            ]
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            for wait in waits:
                wait.cancel()
        for block in tuple(self._open.values()):
            self._report(block, ShareResult(Verdict.LOST, text="no node answered before the end"))

    async def close(self) -> None:
        """Stop everything that is still under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.watch.close()

    async def _submit(self, block: FoundBlock, path: Path | None) -> None:
        started = self._clock()
        tries = [asyncio.create_task(self._submit_to(node, block)) for node in self._nodes()]
        try:
            answers: list[BlockAnswer] = []
            for done in asyncio.as_completed(tries):
                answers.append(await done)
                if answers[-1].fate in {Fate.ACCEPTED, Fate.KNOWN}:
                    self._accept(block, answers[-1], self._clock() - started)
            self._conclude(block, submission.best(answers), path, self._clock() - started)
        finally:
            for each in tries:
                each.cancel()

    async def _submit_to(self, node: Caller, block: FoundBlock) -> BlockAnswer:
        params: tuple[object, ...] = (block.raw.hex(),)
        if block.work_id is not None:
            params += ({"workid": block.work_id},)
        for pause in (*_pauses(block), None):
            answer = await self._ask(node, params)
            if answer.fate is not Fate.UNREACHED or pause is None:
                break
            if pause == PAUSES[0]:
                text = f"did not take block {block.height}, trying again: {answer.meaning}"
                self._warn(block, f"node {node.address} {text}")
            await self._sleep(pause)
        if answer.fate not in {Fate.ACCEPTED, Fate.KNOWN}:
            self._warn(block, f"node {node.address} on block {block.height} {block.hash}: {answer}")
        return answer

    def _warn(self, block: FoundBlock, text: str) -> None:
        """Show a warning; on a test chain, where blocks are many, ten a minute at most."""
        if block.share.solves_block or self._warnings.allow(self._clock()):
            self._listener.on_notice(text, warning=True)

    async def _ask(self, node: Caller, params: tuple[object, ...]) -> BlockAnswer:
        try:
            result = await node.call("submitblock", *params, seconds=SUBMIT_SECONDS)
            return submission.read_answer(rpc.read_text(result))
        except NodeError as error:
            return submission.read_error(error)

    def _accept(self, block: FoundBlock, answer: BlockAnswer, latency: float) -> None:
        if id(block.share) in self._open:
            self._listener.on_notice(f"block {block.height} {block.hash} accepted: {answer}")
            self._report(block, as_result(answer, latency))
            accepted = AcceptedBlock(block.chain, block.height, block.hash)
            look = self.watch.begin if block.share.solves_block else self.watch.look_once
            look(accepted)

    def _conclude(
        self, block: FoundBlock, answer: BlockAnswer, path: Path | None, latency: float
    ) -> None:
        if id(block.share) not in self._open:
            return
        if answer.fate is Fate.UNREACHED and path is not None:
            by_hand = f"bitcoin-cli -stdin submitblock < {path}"
            self._listener.on_notice(
                f"no node took block {block.height}; by hand: {by_hand}", warning=True
            )
        self._report(block, as_result(answer, latency))

    def _report(self, block: FoundBlock, result: ShareResult) -> None:
        del self._open[id(block.share)]
        if not self._open:
            self._settled.set()
        self._listener.on_delivered(block, result)

    async def _secure(self, path: Path) -> None:
        try:
            await asyncio.to_thread(secure, path)
        except OSError as error:
            text = f"{path} may not be safe on the disk: {error.strerror or error}"
            self._listener.on_notice(text, warning=True)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _pauses(block: FoundBlock) -> tuple[float, ...]:
    # On a test chain the next block comes before the long pauses are over.
    return PAUSES if block.share.solves_block else PAUSES[:4]
