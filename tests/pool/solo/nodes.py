"""A node on loopback, answering over real HTTP from our own regtest chain, as a test wants it."""

import asyncio
import base64
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import msgspec
from aiohttp import web

from stampmill.core.chain.header import display
from stampmill.core.chain.target import meets_target
from stampmill.core.job import Job, Nonce, Share
from stampmill.core.settings import RetryPolicy
from stampmill.core.verify import verify
from stampmill.core.work import ExtranonceCounter, WorkSpace
from stampmill.pool.egress import Egress
from stampmill.pool.node.chain import RegtestChain, mine
from stampmill.pool.node.template import BlockTemplate
from stampmill.pool.node.transaction import Transaction
from stampmill.pool.node.validation import BlockReason
from stampmill.pool.payout.address import read_address
from stampmill.pool.payout.chains import Chain
from stampmill.pool.solo.block_folder import BlockFolder
from stampmill.pool.solo.credentials import Credentials
from stampmill.pool.solo.feed import LONG_POLL_SECONDS
from stampmill.pool.solo.judgement import Terms
from stampmill.pool.solo.node_client import NodeClient
from stampmill.pool.solo.node_url import NodeAddress
from stampmill.pool.solo.source import SoloSource
from tests.pool.loopback import PATIENCE, Changes, ManualTime, Recorder, turns

ADDRESS = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"
SCRIPT = bytes.fromhex("0014751e76e8199196d454941c45d1b3a323f1433bd6")

Handler = Callable[[list[Any]], Awaitable[Any]]


class RefusedCallError(Exception):
    """An error that the node answers."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.body = {"code": code, "message": message}


class Node:
    """Bitcoin Core's side of the RPC, as far as a miner asks; `behaves` replaces single calls."""

    def __init__(self, seed: int = 1, transactions: int = 5) -> None:
        self.blocks: list[bytes] = []
        self.chain = RegtestChain(
            time.time, Random(seed), transactions=transactions, on_block=self.blocks.append
        )
        self.changes = Changes()
        self.info: dict[str, Any] = {"chain": "regtest", "initialblockdownload": False}
        self.template_changes: dict[str, Any] = {}
        self.behaves: dict[str, Handler] = {}
        self.raw: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]] | None = None
        """Replaces all answers."""
        self.password: str | None = None
        self.calls: Counter[str] = Counter()
        self.submitted: list[bytes] = []
        self.long_polls = 0
        self.port = 0

    def grow(self) -> None:
        """Let somebody else find a block."""
        assert self.chain.submit(mine(self.chain.template())) is None
        self.changes.changed()

    def add_transactions(self) -> None:
        """Change the template without a new tip."""
        value = self.chain.template().coinbase_value - 1
        self.template_changes |= {"coinbasevalue": value, "longpollid": "other fees"}
        self.changes.changed()

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        if self.raw is not None:
            return await self.raw(request)
        if self.password is not None:
            given = request.headers.get("Authorization", "")
            if given != "Basic " + base64.b64encode(self.password.encode()).decode():
                return web.Response(status=401)
        call = await request.json()
        name, params = call["method"], call["params"]
        self.calls[name] += 1
        self.changes.changed()
        handler = self.behaves.get(name) or getattr(self, f"on_{name}")
        try:
            result = await handler(params)
        except RefusedCallError as refusal:
            body = {"result": None, "error": refusal.body, "id": call["id"]}
            return web.json_response(body, status=500)
        return web.json_response({"result": result, "error": None, "id": call["id"]})

    async def on_getblockchaininfo(self, params: list[Any]) -> Any:
        height = self.chain.height
        return {"blocks": height, "headers": height, "pruned": False, **self.info}

    async def on_getbestblockhash(self, params: list[Any]) -> Any:
        return display(self.chain.tip.hash())

    async def on_getblocktemplate(self, params: list[Any]) -> Any:
        (request,) = params
        if "segwit" not in request["rules"]:
            raise RefusedCallError(-8, "getblocktemplate must be called with the segwit rule set")
        if request.get("mode") == "proposal":
            return None
        if "longpollid" in request:
            await self._wait_for_news(request["longpollid"])
        return self.template()

    async def _wait_for_news(self, asked: str) -> None:
        self.long_polls += 1
        self.changes.changed()
        try:
            await self.changes.until(lambda: self.template()["longpollid"] != asked)
        except TimeoutError:
            return
        finally:
            self.long_polls -= 1

    def template(self) -> dict[str, Any]:
        return template_json(self.chain.template()) | self.template_changes

    async def on_submitblock(self, params: list[Any]) -> Any:
        raw = bytes.fromhex(params[0])
        self.submitted.append(raw)
        reason = self.chain.submit(raw)
        self.changes.changed()
        if reason is BlockReason.DECODE:
            raise RefusedCallError(-22, reason.value)
        return reason and reason.value

    async def on_getblockheader(self, params: list[Any]) -> Any:
        return {"confirmations": 1}


def template_json(template: BlockTemplate) -> dict[str, Any]:
    """Say a template as Bitcoin Core does."""
    previous, value = display(template.previous_hash), template.coinbase_value
    return {
        "version": template.version,
        "rules": ["csv", "!segwit", "taproot"],
        "vbavailable": {},
        "vbrequired": 0,
        "previousblockhash": previous,
        "transactions": [
            {
                "data": each.data.hex(), "txid": display(each.txid), "hash": display(each.wtxid),
                "depends": [], "fee": each.fee, "sigops": 0,
                "weight": Transaction.from_bytes(each.data).weight(),
            }
            for each in template.transactions
        ],
        "coinbaseaux": {},
        "coinbasevalue": value,
        "longpollid": f"{previous}{value}",
        "target": f"{template.network_target:064x}",
        "mintime": template.min_time,
        "mutable": ["time", "transactions", "prevblock"],
        "noncerange": "00000000ffffffff",
        "sigoplimit": 80000, "sizelimit": 4000000, "weightlimit": 4000000,
        "curtime": template.current_time,
        "bits": f"{template.nbits:08x}",
        "height": template.height,
    }  # fmt: skip


class Traffic(Changes):
    """How many calls are under way, long polls apart."""

    def __init__(self) -> None:
        super().__init__()
        self.open = 0

    async def quiet(self) -> None:
        """Return when all calls have been answered, and what follows from them has happened."""
        await turns()
        while self.open:
            await self.until(lambda: not self.open)
            await turns()


class WatchedClient(NodeClient):
    """A client whose calls a test can wait for."""

    traffic: Traffic

    async def call(self, method: str, *params: object, seconds: float = 30.0) -> msgspec.Raw:
        counted = seconds != LONG_POLL_SECONDS
        self.traffic.open += counted
        try:
            return await super().call(method, *params, seconds=seconds)
        finally:
            self.traffic.open -= counted
            self.traffic.changed()


@dataclass
class Solo:
    """A source at work on nodes: what a test touches."""

    source: SoloSource
    listener: Recorder
    nodes: list[Node]
    time: ManualTime
    traffic: Traffic
    task: asyncio.Task[None]

    @property
    def node(self) -> Node:
        return self.nodes[0]

    async def ended(self) -> None:
        async with asyncio.timeout(PATIENCE):
            await self.task

    async def notice(self, part: str) -> str:
        """Wait for a line to the user that holds this."""
        await self.listener.until(lambda: any(part in text for text, _ in self.listener.notices))
        return next(text for text, _ in self.listener.notices if part in text)

    async def second(self, count: int = 1) -> None:
        """Let seconds pass, with all that nodes are asked in each of them."""
        for _ in range(count):
            await self.traffic.quiet()
            await self.time.advance(1.0)
            await self.traffic.quiet()

    async def seconds_until(self, true: Callable[[], bool]) -> None:
        """Let seconds pass until something is true; fail after ten minutes of them."""
        end = self.time.now + 600
        while not true():
            assert self.time.now < end
            await self.second()


@asynccontextmanager
async def mining(folder: Path, *nodes: Node, **options: Any) -> AsyncIterator[Solo]:
    """Mine alone on nodes that are served on loopback."""
    clock, listener, traffic = ManualTime(), Recorder(), Traffic()
    terms = Terms(
        read_address(options.pop("address", ADDRESS)), options.pop("chain", Chain.REGTEST)
    )
    credentials = options.pop("credentials", Credentials())
    retry = RetryPolicy(options.pop("retries", None))
    async with serving(*nodes):
        clients = [client_of(node.port, credentials) for node in nodes]
        for client in clients:
            client.traffic = traffic
        source = SoloSource(
            clients, terms, BlockFolder(folder), retry, clock=clock.clock, sleep=clock.sleep,
            random=lambda: 0.5, test_difficulty=1e-9, **options,
        )  # fmt: skip
        task = asyncio.create_task(source.run(listener))
        try:
            yield Solo(source, listener, list(nodes), clock, traffic, task)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def serving(*nodes: Node) -> AsyncIterator[None]:
    runners = []
    for node in nodes:
        runner = web.ServerRunner(web.Server(node.answer), shutdown_timeout=0.1)
        runners.append(runner)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", node.port).start()
        node.port = runner.addresses[0][1]
    try:
        yield
    finally:
        for runner in runners:
            await runner.cleanup()


def client_of(port: int, credentials: Credentials | None = None) -> WatchedClient:
    return WatchedClient(
        NodeAddress("http", "127.0.0.1", port),
        credentials or Credentials(),
        Egress(["127.0.0.1"]),
    )


def solve(job: Job, extranonces: ExtranonceCounter | None = None) -> Share:
    """Return a share of the job, found as a backend finds it."""
    space = WorkSpace(job, extranonces or ExtranonceCounter(), lambda: job.received_at)
    work = space.take(1 << 20, 1, job.report_target)
    assert work is not None
    for number in range(work.end_nonce):
        if meets_target(work.header(number).hash(), job.report_target):
            _, share = verify(Nonce(work, number, work.versions[0], work.ntime, 0.0, "test"))
            assert share is not None
            return share
    raise AssertionError("no nonce")


def rpc_error(code: int, message: str) -> Handler:
    async def refuse(params: list[Any]) -> Any:
        raise RefusedCallError(code, message)

    return refuse


def always(result: Any) -> Handler:
    async def reply(params: list[Any]) -> Any:
        return result

    return reply


def http(status: int, text: str, kind: str = "text/html") -> Callable[..., Any]:
    async def reply(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=status, text=text, content_type=kind)

    return reply
