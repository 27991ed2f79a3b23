"""One node's templates: asks, long-polls, polls, and comes back after every failure."""

import asyncio
import math
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

import msgspec

from stampmill.core.errors import StampmillError
from stampmill.pool.backoff import Backoff
from stampmill.pool.node.rpc_template import TemplateError, UnknownRuleError, parse
from stampmill.pool.node.template import TemplateTransaction
from stampmill.pool.payout.chains import Chain
from stampmill.pool.solo import rpc, submission
from stampmill.pool.solo.assembly import Assembly, CoinbasePlan, prepare
from stampmill.pool.solo.errors import NodeError, NodeMisfitError, NodeRefusedError, RpcError
from stampmill.pool.solo.judgement import Terms, judge_node, judge_template, read_chain_info
from stampmill.pool.solo.node_url import NodeAddress
from stampmill.pool.solo.selection import NodeView

POLL_SECONDS = 1.0
"""How often the tip is asked for: a long poll that died in silence costs no more than this."""
POLL_PATIENCE = 10.0
"""How long the answer may take before the node counts as failing."""
REFRESH_SECONDS = 30.0
"""How old a template may get before it is asked for again, for new fees and the time."""
LONG_POLL_SECONDS = 600.0
_UNCHANGED_PAUSE = 5.0
"""After a long poll that came back at once with nothing new."""

Sleep = Callable[[float], Coroutine[Any, Any, None]]

_REQUEST = {"rules": ["segwit"], "capabilities": ["proposal"]}


class Caller(Protocol):
    """A node's RPC, see `node_client.NodeClient`."""

    address: NodeAddress

    async def call(self, method: str, *params: object, seconds: float = ...) -> msgspec.Raw:
        """Return the result, as JSON; raise NodeError."""

    async def close(self) -> None:
        """Give all connections back."""


class FeedListener(Protocol):
    """What is told of a node, on the event loop."""

    def on_answer(self) -> None:
        """Look at it again: it has a new `assembly`, or has answered at least."""

    def on_failure(self, feed: "NodeFeed", error: NodeError) -> None:
        """Note that it failed; it will be asked again unless `is_out`."""

    def on_notice(self, text: str, *, warning: bool = False) -> None:
        """Show a line to the user."""


class NodeFeed:
    """Keeps `assembly` the newest template of a node, ready to be mined.

    `sleep` waits in the terms of `clock`, monotonic seconds.
    """

    def __init__(
        self,
        client: Caller,
        terms: Terms,
        plan: CoinbasePlan,
        *,
        backoff: Backoff,
        clock: Callable[[], float],
        sleep: Sleep,
    ) -> None:
        self.client = client
        self.assembly: Assembly | None = None
        self.received_at = 0.0
        self.chain: Chain | None = None
        self.is_out = False
        """Whether it can never serve this run."""
        self.unusable_templates = 0
        self.error: NodeError | None = None
        self.backoff = backoff
        self._terms = terms
        self._plan = plan
        self._clock = clock
        self._sleep = sleep
        self._well_since: float | None = None
        self._tip_at = 0.0
        self._answered_at: float | None = None
        self._proved = self._proposed = self._has_failed = False
        self._wanted = asyncio.Event()

    @property
    def name(self) -> str:
        """Its URL without credentials."""
        return str(self.client.address)

    @property
    def view(self) -> NodeView:
        """How it looks to the choice among nodes."""
        height = 0 if self.assembly is None else self.assembly.template.block.height
        return NodeView(height, self._well_since, self._tip_at)

    @property
    def is_well(self) -> bool:
        """Whether its latest call was answered."""
        return self._well_since is not None

    @property
    def tip(self) -> bytes | None:
        """The hash of the block that its template follows."""
        return None if self.assembly is None else self.assembly.template.block.previous_hash

    @property
    def answered_at(self) -> float | None:
        """When it answered last, None if never."""
        return self._answered_at

    def begin(self) -> None:
        """Forget what an earlier run knew of it: it may be another node by now."""
        self.assembly = self.error = self._well_since = None
        self.is_out = self._proposed = False
        self.backoff.reset()

    def refresh(self) -> None:
        """Ask for a template now: the tip must have moved."""
        self._wanted.set()

    async def run(self, listener: FeedListener) -> None:
        """Serve until cancelled, or until the node turns out to be unfit."""
        while True:
            try:
                await self._serve(listener)
            except NodeError as error:
                self._fail(error)
                listener.on_failure(self, error)
            if self.is_out:
                return
            await self._sleep(self.backoff.pause())

    async def _serve(self, listener: FeedListener) -> None:
        await self._shake_hands(listener)
        await self._fetch(listener)
        loops = [self._propose(listener), self._poll(listener), self._long_poll(listener)]
        await _first_failure(loops)

    def _fail(self, error: NodeError) -> None:
        self.error = error
        self._has_failed = True
        self._well_since = None
        self.backoff.failed()
        # A password that never worked is wrong; one that did may be so again.
        refused = isinstance(error, NodeRefusedError) and not self._proved
        self.is_out = refused or isinstance(error, NodeMisfitError)

    async def _shake_hands(self, listener: FeedListener) -> None:
        answer = await self.client.call("getblockchaininfo", seconds=POLL_PATIENCE)
        info = read_chain_info(answer)
        self.chain = judge_node(info, self._terms)
        if not self._proved:
            pruned = ", pruned (which is fine)" if info.pruned else ""
            listener.on_notice(
                f"node {self.name}: chain {self.chain.value}, {info.blocks} blocks{pruned}"
            )
        self._proved = True

    async def _poll(self, listener: FeedListener) -> None:
        while True:
            await self._pause(POLL_SECONDS)
            if self._wanted.is_set() or self._age() >= REFRESH_SECONDS or await self._has_moved():
                self._wanted.clear()
                await self._fetch(listener)
            else:
                self._on_answer(listener)

    async def _has_moved(self) -> bool:
        answer = await self.client.call("getbestblockhash", seconds=POLL_PATIENCE)
        best = rpc.read_text(answer)
        return self.tip is None or best != self.tip[::-1].hex()

    async def _long_poll(self, listener: FeedListener) -> None:
        """Wait at the node for the next template. That this fails says nothing: `_poll` judges."""
        failures = 0
        while self.assembly is not None and (asked := self.assembly.template.longpoll_id):
            started = self._clock()
            try:
                await self._fetch(listener, {"longpollid": asked}, LONG_POLL_SECONDS)
                failures = 0
            except NodeMisfitError:
                raise
            except NodeError:
                failures += 1
            unchanged = asked == self.assembly.template.longpoll_id
            if failures or (unchanged and self._clock() - started < _UNCHANGED_PAUSE):
                await self._sleep(min(_UNCHANGED_PAUSE * 2**failures, 60.0))

    async def _fetch(
        self, listener: FeedListener, more: dict[str, str] | None = None, seconds: float = 30.0
    ) -> None:
        request = _REQUEST | (more or {})
        raw = await self.client.call("getblocktemplate", request, seconds=seconds)
        received_at = self._clock()
        assembly = self._prepare(raw)
        if assembly.template.block.height < self.view.height:
            # Two answers may have overtaken each other: only a second one is believed.
            raw = await self.client.call("getblocktemplate", _REQUEST)
            received_at = self._clock()
            assembly = self._prepare(raw)
        self._take(assembly, received_at, listener)

    def _prepare(self, raw: msgspec.Raw) -> Assembly:
        assert self.chain is not None  # noqa: S101  we have shaken hands
        try:
            template = parse(raw, self._known())
            judge_template(template, self.chain)
            return prepare(template, self._plan)
        except UnknownRuleError as error:
            raise NodeMisfitError(str(error)) from error
        except TemplateError as error:
            self.unusable_templates += 1
            raise NodeError(str(error)) from error
        except NodeError:
            raise
        except StampmillError as error:
            self.unusable_templates += 1
            raise NodeError(f"the node's block template is not usable: {error}") from error

    def _known(self) -> dict[bytes, TemplateTransaction]:
        transactions = () if self.assembly is None else self.assembly.template.block.transactions
        return {each.wtxid: each for each in transactions}

    def _take(self, assembly: Assembly, received_at: float, listener: FeedListener) -> None:
        if assembly.template.block.previous_hash != self.tip:
            self._tip_at = received_at
        self.assembly, self.received_at = assembly, received_at
        self._mark_well()
        listener.on_answer()

    def _on_answer(self, listener: FeedListener) -> None:
        self._mark_well()
        listener.on_answer()

    def _mark_well(self) -> None:
        self._answered_at = self._clock()
        self.error = None
        self.backoff.reset()
        if self._well_since is None:
            # Who has never failed need not prove to be stable.
            self._well_since = self._answered_at if self._has_failed else -math.inf

    async def _propose(self, listener: FeedListener) -> None:
        """Let the node judge our first block but for its work (BIP23), while it is being mined."""
        assembly = self.assembly
        if self._proposed or assembly is None:
            return
        request = _REQUEST | {"mode": "proposal", "data": assembly.proposal().hex()}
        try:
            said = rpc.read_text(await self.client.call("getblocktemplate", request))
        except RpcError as error:
            listener.on_notice(f"node {self.name} cannot check our blocks beforehand: {error}")
        else:
            answer = submission.read_answer(said)
            if answer.fate is submission.Fate.REFUSED:
                raise NodeMisfitError(f"the node would refuse our blocks: {answer}")
        self._proposed = True

    async def _pause(self, seconds: float) -> None:
        """Wait so long, or until a template is wanted at once."""
        waits: list[asyncio.Task[Any]] = [
            asyncio.create_task(self._sleep(seconds)),
            asyncio.create_task(self._wanted.wait()),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await _cancel(waits)

    def _age(self) -> float:
        return self._clock() - self.received_at


async def _first_failure(loops: list[Coroutine[Any, Any, None]]) -> None:
    """Run all of them until one fails, and raise what it raised."""
    tasks = [asyncio.create_task(loop) for loop in loops]
    try:
        await asyncio.gather(*tasks)
    finally:
        await _cancel(tasks)


async def _cancel(tasks: list[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
