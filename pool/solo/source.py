"""The source of jobs that is one's own node, or several: a `core.job_source.JobSource`."""

import asyncio
import random as system_random
import secrets
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from stampmill.core.chain.target import Difficulty
from stampmill.core.errors import NoPoolError
from stampmill.core.job import Job, Share, ShareResult, Verdict
from stampmill.core.job_source import JobListener, SourceState, SourceStatus
from stampmill.core.rate_limit import RateLimit
from stampmill.core.settings import RetryPolicy
from stampmill.pool.audit import AuditEvent, AuditLog
from stampmill.pool.backoff import Backoff
from stampmill.pool.solo.assembly import (
    EXTRANONCE1_SIZE,
    TEST_CHAIN_DIFFICULTY,
    Assembly,
    CoinbasePlan,
)
from stampmill.pool.solo.block_folder import BlockFolder
from stampmill.pool.solo.deliveries import Deliveries, FoundBlock
from stampmill.pool.solo.errors import NodeError, WrongNetworkError
from stampmill.pool.solo.feed import Caller, NodeFeed, Sleep
from stampmill.pool.solo.judgement import Terms
from stampmill.pool.solo.selection import choose
from stampmill.pool.stratum.requests import BIP320_MASK

SILENCE_SECONDS = 120.0
"""After so long without an answer of any node nobody knows what to mine on."""
FRESH_SECONDS = 20.0
"""A template that differs from the one being mined by no more than this in time is no news."""
_SOLVED_KEPT = 64


class SoloSource:
    """Jobs from nodes in the order of preference; every share is a block, sent to all of them.

    A job goes out in the callback that read its template, and is taken back when no node has
    answered for `silence` seconds. A run that was cancelled may be followed by another. `clock` is
    monotonic seconds, `sleep` waits in its terms, `random` is in [0, 1): for tests to pass.
    """

    def __init__(
        self,
        clients: Sequence[Caller],
        terms: Terms,
        folder: BlockFolder,
        retry: RetryPolicy,
        *,
        signature: bytes = b"",
        version_mask: int = BIP320_MASK,
        test_difficulty: Difficulty = TEST_CHAIN_DIFFICULTY,
        silence: float = SILENCE_SECONDS,
        audit: AuditLog | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Sleep = asyncio.sleep,
        random: Callable[[], float] = system_random.random,
    ) -> None:
        plan = CoinbasePlan(terms.payout.script, secrets.token_bytes(EXTRANONCE1_SIZE), signature)
        self._feeds = [
            NodeFeed(client, terms, plan, backoff=Backoff(retry, random), clock=clock, sleep=sleep)
            for client in clients
        ]
        self._deliveries = Deliveries(self._takers, folder, self, clock=clock, sleep=sleep)
        self._terms = terms
        self._audit = audit or AuditLog()
        self._version_mask = version_mask
        self._test_difficulty = test_difficulty
        self._silence = silence
        self._clock = clock
        self._sleep = sleep
        self._listener: JobListener | None = None
        self._active: int | None = None
        self._job: Job | None = None
        self._mined: Assembly | None = None
        self._solved: Counter[bytes] = Counter()
        self._warnings = RateLimit(burst=10, seconds=60)
        self._numbers: Counter[int] = Counter()
        self._over = asyncio.Event()
        self._outages = 0
        self._latency: float | None = None
        self.blocks = 0

    async def run(self, listener: JobListener) -> None:
        """Deliver jobs until cancelled; raise what makes every node useless, or NoPoolError."""
        self._listener = listener
        self._begin()
        self._deliveries.watch.resume(self._terms.payout.chains)
        work = asyncio.gather(*(feed.run(self) for feed in self._feeds), self._watch())
        ends = asyncio.ensure_future(self._over.wait())
        both: list[asyncio.Future[Any]] = [work, ends]
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                work.result()
            raise self._last_word()
        finally:
            for part in both:
                part.cancel()
            await asyncio.gather(*both, return_exceptions=True)
            await self._deliveries.close()
            for feed in self._feeds:
                await feed.client.close()

    def _begin(self) -> None:
        """Forget what an earlier run was mining, and for what it gave nodes up."""
        self._active = self._job = self._mined = None
        self._over.clear()
        for feed in self._feeds:
            feed.begin()

    def submit(self, share: Share) -> None:
        """Hand a share of the current job in."""
        share.job.sink.submit(share)

    async def drain(self, seconds: float) -> None:
        """Wait at most so long for open submits, then report what is left as lost."""
        await self._deliveries.settle(seconds)

    def status(self) -> SourceStatus:
        """Return what is known now."""
        active = self._feeds[self._active or 0]
        well = self._active is not None and active.is_well
        return SourceStatus(
            name="solo",
            state=SourceState.AUTHORIZED if well else SourceState.CONNECTING,
            url=active.name,
            user=self._terms.payout.address,
            difficulty=None if self._job is None else self._job.difficulty,
            pending=self._deliveries.pending,
            latency=self._latency,
            dropped=self._dropped(),
            faults=(("no-node-answers", self._outages),) if self._outages else (),
            sink=None if self._job is None else self._job.sink,
        )

    # What the feeds say.

    def on_answer(self) -> None:
        """Mine what is newest at the node whose turn it is."""
        self._consider()

    def on_failure(self, feed: NodeFeed, error: NodeError) -> None:
        """Tell the user, look at the other nodes, and give up when none is left to wait for."""
        self._outages += all(feed.error is not None for feed in self._feeds)
        if all(feed.is_out or feed.backoff.exhausted for feed in self._feeds):
            self._over.set()
            return
        again = "left out of this run" if feed.is_out else "trying again"
        if self._warnings.allow(self._clock()):
            self.on_notice(f"node {feed.name}: {error}; {again}", warning=True)
            self._audit.record(AuditEvent.CONNECT_FAILED, pool=feed.name, text=str(error))
        self._consider()

    def on_notice(self, text: str, *, warning: bool = False) -> None:
        """Show a line to the user."""
        if self._listener is not None:
            self._listener.on_notice(text, warning=warning)

    # What becomes of blocks.

    def on_delivered(self, block: FoundBlock, result: ShareResult) -> None:
        """Pass the verdict on; after a good one there is a new tip to mine on."""
        self._latency = result.latency
        previous_hash = block.share.job.previous_hash
        if result.verdict is Verdict.ACCEPTED:
            self.blocks += 1
            for feed in self._feeds:
                feed.refresh()
        else:
            # The next block for this tip gets its chance.
            self._solved[previous_hash] -= 1
        if self._listener is not None:
            self._listener.on_share_result(block.share, result)

    def hand_in(self, share: Share, assembly: Assembly) -> None:
        """Submit the block that a share solves, unless it comes too late."""
        previous_hash = share.job.previous_hash
        if share.solves_block:
            self._audit.block_found(self.status().url, share)
        if previous_hash not in self._tips():
            self._leave(share, assembly, "another block was found before it")
        elif self._solved[previous_hash] > 0 and not share.solves_block:
            self._leave(share, assembly, "a block of ours for the same tip went before it")
        else:
            self._remember_solved(previous_hash)
            self._deliveries.hand_in(self._found(share, assembly))

    def _tips(self) -> set[bytes | None]:
        """Return what the nodes build on, as far as they can be asked."""
        well = [feed for feed in self._feeds if feed.is_well]
        return {feed.tip for feed in well or self._feeds}

    def _found(self, share: Share, assembly: Assembly) -> FoundBlock:
        template = assembly.template
        chain = next(feed.chain for feed in self._feeds if feed.chain is not None)
        return FoundBlock(
            share, assembly.block(share), template.block.height, chain, template.work_id
        )

    def _takers(self) -> list[Caller]:
        """Return all nodes but those that are on another chain, or do not let us in."""
        fit = [feed for feed in self._feeds if not feed.is_out]
        return [feed.client for feed in fit or self._feeds]

    def _leave(self, share: Share, assembly: Assembly, why: str) -> None:
        """Do not submit a stale block; a real one is kept, should the chain turn."""
        if share.solves_block:
            block = self._found(share, assembly)
            path = self._deliveries.keep(block)
            self.on_notice(f"stale block {block.height} {block.hash} kept in {path}", warning=True)
        if self._listener is not None:
            self._listener.on_share_result(share, ShareResult(Verdict.STALE, text=why))

    def _remember_solved(self, previous_hash: bytes) -> None:
        self._solved[previous_hash] += 1
        while len(self._solved) > _SOLVED_KEPT:
            del self._solved[next(iter(self._solved))]

    # The choice of node, and its jobs.

    def _consider(self) -> None:
        views = [feed.view for feed in self._feeds]
        best = choose(views, self._active, self._clock())
        if best is None:
            return
        if best != self._active:
            self._active = best
            self.on_notice(f"mining alone on {self._feeds[best].name}")
            self._audit.record(AuditEvent.POOL_SWITCHED, pool=self._feeds[best].name)
        feed = self._feeds[best]
        if feed.assembly is not None and feed.assembly is not self._mined:
            self._mine(feed, feed.assembly)

    def _mine(self, feed: NodeFeed, assembly: Assembly) -> None:
        if self._job is not None and not _is_news(assembly, self._mined):
            return
        block = assembly.template.block
        clean = self._job is None or self._job.previous_hash != block.previous_hash
        self._mined = assembly
        self._job = assembly.job(
            self._next_id(block.height),
            clean=clean,
            received_at=feed.received_at,
            sink=_Sink(self, assembly),
            version_mask=self._version_mask,
            test_difficulty=self._test_difficulty,
        )
        assert self._listener is not None  # noqa: S101  feeds run only inside `run`
        self._listener.on_job(self._job)

    def _next_id(self, height: int) -> str:
        number = self._numbers[height]
        self._numbers = Counter({height: number + 1})
        return f"{height}.{number}"

    async def _watch(self) -> None:
        """Stop the miner when no node has answered for long: it would work for nothing."""
        while True:
            await self._sleep(1.0)
            answers = [feed.answered_at for feed in self._feeds if feed.answered_at is not None]
            if self._job is not None and self._clock() - max(answers) > self._silence:
                self._job = self._mined = None
                self._active = None
                assert self._listener is not None  # noqa: S101  as above
                self._listener.on_no_job(f"no node has answered for {self._silence:.0f} s")

    def _last_word(self) -> NoPoolError:
        """Return the error that ends the run, with every node's own."""
        reasons = "; ".join(f"{feed.name}: {feed.error}" for feed in self._feeds)
        kinds = {type(feed.error) for feed in self._feeds}
        kind = WrongNetworkError if kinds == {WrongNetworkError} else NoPoolError
        return kind(f"no node to mine on: {reasons}")

    def _dropped(self) -> tuple[tuple[str, int], ...]:
        counts = {
            "unusable-template": sum(feed.unusable_templates for feed in self._feeds),
            "block-not-written": self._deliveries.unwritten,
        }
        return tuple((name, count) for name, count in counts.items() if count)


class _Sink:
    """The way back of one job's shares: it knows the template that they belong to."""

    __slots__ = ("_assembly", "_source")

    def __init__(self, source: SoloSource, assembly: Assembly) -> None:
        self._source = source
        self._assembly = assembly

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Sink) and self._source is other._source

    def __hash__(self) -> int:
        return hash(self._source)

    def submit(self, share: Share) -> None:
        """Hand the share's block in."""
        self._source.hand_in(share, self._assembly)


def _is_news(new: Assembly, old: Assembly | None) -> bool:
    if old is None:
        return True
    ours, theirs = new.template.block, old.template.block
    same = (
        (new.coinbase1, new.coinbase2, ours.merkle_branch, ours.previous_hash)
        == (old.coinbase1, old.coinbase2, theirs.merkle_branch, theirs.previous_hash)
        and (ours.version, ours.nbits) == (theirs.version, theirs.nbits)
    )  # fmt: skip
    return not same or ours.current_time - theirs.current_time >= FRESH_SECONDS
