"""Nodes that cannot serve, each named in one line with its cure; and several nodes at once."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from stampmill.core.errors import ExitCode, NoPoolError
from stampmill.core.job import Job, Verdict
from stampmill.pool.solo.credentials import Credentials
from stampmill.pool.solo.errors import WrongNetworkError
from tests.pool.loopback import in_loop

from .nodes import Node, always, http, mining, rpc_error, solve

MAINNET = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"
TESTNET = "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx"


async def _endless(request: web.BaseRequest) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b" " * (1 << 20))


async def _announced(request: web.BaseRequest) -> web.StreamResponse:
    return web.Response(headers={"Content-Length": str(1 << 40)})


async def _redirect(request: web.BaseRequest) -> web.StreamResponse:
    raise web.HTTPFound("http://evil.example/")


async def _hang_up(request: web.BaseRequest) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


def _raw(answer: Callable[..., Any]) -> Callable[[Node], None]:
    def prepare(node: Node) -> None:
        node.raw = answer

    return prepare


def _behaving(name: str, handler: Callable[..., Any]) -> Callable[[Node], None]:
    def prepare(node: Node) -> None:
        node.behaves[name] = handler

    return prepare


def _saying(**changes: Any) -> Callable[[Node], None]:
    def prepare(node: Node) -> None:
        node.template_changes |= changes

    return prepare


LATER = {
    "HTML instead of JSON": (_raw(http(200, "<html>Welcome</html>")), "check host and port"),
    "404 of a web server": (_raw(http(404, "not here")), "HTTP 404"),
    "JSON that is no answer": (_raw(http(200, "[]", "application/json")), "check host and port"),
    "work queue": (_raw(http(503, "Work queue depth exceeded")), "Work queue depth exceeded"),
    "redirect": (_raw(_redirect), "never followed"),
    "hanging up": (_raw(_hang_up), "closed the connection"),
    "endless answer": (_raw(_endless), "over 20 MiB"),
    "huge announcement": (_raw(_announced), "over 20 MiB"),
    "warming up": (_behaving("getblockchaininfo", rpc_error(-28, "Loading block index")),
                   "Loading block index (it is still starting"),
    "initial download": (_behaving("getblocktemplate", rpc_error(-10, "is in initial sync")),
                         "still downloading the chain"),
    "no peers": (_behaving("getblocktemplate", rpc_error(-9, "is not connected!")), "no peers"),
    "no mining RPC": (_behaving("getblocktemplate", rpc_error(-32601, "Method not found")),
                      "Method not found"),
    "strange info": (_behaving("getblockchaininfo", always({"blocks": 1})), "getblockchaininfo"),
    "strange template": (_behaving("getblocktemplate", always("no")), "not usable"),
    "absurd value": (_saying(coinbasevalue=20_000_000 * 10**8), "subsidy and fees are only"),
    "other target": (_saying(bits="1d00ffff"), "not that of its bits"),
    "tiny limits": (_saying(weightlimit=100), "not even the coinbase fits"),
    "strange best hash": (_behaving("getbestblockhash", always(5)), "is no text: 5"),
}  # fmt: skip


@pytest.mark.parametrize("name", LATER)
def test_what_may_pass_is_told_and_tried_again(tmp_path: Path, name: str) -> None:
    prepare, words = LATER[name]

    async def main() -> None:
        node = Node()
        prepare(node)
        async with mining(tmp_path, node) as solo:
            await solo.second()
            text = await solo.notice("trying again")
            assert words in text
            assert "\n" not in text
            assert len(text) < 500
            _recover(node)
            node.grow()
            tip = node.chain.tip.hash()
            await solo.seconds_until(lambda: any(_follows(job, tip) for job in solo.listener.jobs))

    asyncio.run(main())


def _follows(job: Job, tip: bytes) -> bool:
    return job.previous_hash == tip


def _recover(node: Node) -> None:
    node.raw = None
    node.behaves.clear()
    node.template_changes.clear()


def _refusing_proposals(node: Node) -> None:
    async def answer(params: list[Any]) -> Any:
        if params[0].get("mode") == "proposal":
            return "bad-cb-amount"
        return await node.on_getblocktemplate(params)

    node.behaves["getblocktemplate"] = answer


AT_ONCE = {
    "unknown rule": (_saying(rules=["!segwit", "!newrule"]), "'newrule'", ExitCode.NO_POOL),
    "signet": (_saying(signet_challenge="51"), "signature", ExitCode.NO_POOL),
    "unknown chain": (lambda node: node.info.update(chain="liquid"), "liquid", ExitCode.NO_POOL),
    "other chain": (lambda node: node.info.update(chain="testnet4"), "--chain", ExitCode.USAGE),
    "wrong password": (lambda node: setattr(node, "password", "a:b"), "HTTP 401", ExitCode.NO_POOL),
    "foreign address": (_raw(http(403, "")), "rpcallowip", ExitCode.NO_POOL),
    "refused proposal": (_refusing_proposals, "bad-cb-amount", ExitCode.NO_POOL),
}  # fmt: skip


@pytest.mark.parametrize("name", AT_ONCE)
def test_what_cannot_pass_ends_the_run_at_once(tmp_path: Path, name: str) -> None:
    prepare, words, code = AT_ONCE[name]

    async def main() -> None:
        node = Node()
        prepare(node)
        async with mining(tmp_path, node) as solo:
            with pytest.raises(NoPoolError, match=words) as error:
                await solo.ended()
            assert error.value.exit_code == code
            assert "\n" not in str(error.value)

    asyncio.run(main())


@in_loop
async def test_an_address_of_another_network_is_refused_before_anything_is_mined(
    tmp_path: Path,
) -> None:
    node = Node()
    async with mining(tmp_path, node, address=MAINNET, chain=None) as solo:
        with pytest.raises(WrongNetworkError, match="is an address of main: nothing was mined"):
            await solo.ended()
        assert solo.listener.jobs == []
        assert node.calls["getblocktemplate"] == 0


@in_loop
async def test_a_node_without_segwit_is_refused_before_anything_is_mined(tmp_path: Path) -> None:
    node = Node(transactions=0)
    node.info = {"chain": "testnet4"}
    node.template_changes = {"rules": ["csv"]}
    async with mining(tmp_path, node, address=TESTNET, chain=None) as solo:
        with pytest.raises(NoPoolError, match="does not follow segwit: it needs an upgrade"):
            await solo.ended()
        assert solo.listener.jobs == []
    node.template_changes = {}
    async with mining(tmp_path, node, address=TESTNET, chain=None) as solo:
        assert await solo.listener.job()


@in_loop
async def test_a_syncing_mainnet_node_is_waited_for(tmp_path: Path) -> None:
    node = Node()
    node.info = {"chain": "main", "initialblockdownload": True, "headers": 900_000}
    async with mining(tmp_path, node, address=MAINNET, chain=None) as solo:
        text = await solo.notice("trying again")
        assert "still downloading the chain, block 105 of 900000" in text
        assert solo.listener.jobs == []


@in_loop
async def test_a_password_that_worked_before_is_tried_again(tmp_path: Path) -> None:
    node = Node()
    async with mining(tmp_path, node) as solo:
        await solo.listener.job()
        node.password = "new:password"
        await solo.second()
        assert "401" in await solo.notice("trying again")
        assert not solo.task.done()


@in_loop
async def test_the_cookie_is_read_again_after_a_restart_of_the_node(tmp_path: Path) -> None:
    node, cookie = Node(), tmp_path / ".cookie"
    node.password = "__cookie__:first"
    cookie.write_text(node.password)
    async with mining(tmp_path, node, credentials=Credentials(cookie=cookie)) as solo:
        await solo.listener.job()
        node.password = "__cookie__:second"
        cookie.write_text(node.password)
        await solo.second()
        assert node.calls["getbestblockhash"] == 1
        assert not any(warning for _, warning in solo.listener.notices)


@in_loop
async def test_a_missing_cookie_is_waited_for(tmp_path: Path) -> None:
    node, cookie = Node(), tmp_path / ".cookie"
    node.password = "__cookie__:late"
    async with mining(tmp_path, node, credentials=Credentials(cookie=cookie)) as solo:
        assert ".cookie" in await solo.notice("is the node running")
        cookie.write_text(node.password)
        await solo.seconds_until(lambda: bool(solo.listener.jobs))


@in_loop
async def test_retries_are_counted_and_then_it_is_over(tmp_path: Path) -> None:
    node = Node()
    node.raw = http(500, "broken")
    async with mining(tmp_path, node, retries=2) as solo:
        await solo.notice("HTTP 500")
        await solo.second(2)
        with pytest.raises(NoPoolError, match="no node to mine on"):
            await solo.ended()


@in_loop
async def test_a_node_that_falls_silent_stops_the_miner_in_the_end(tmp_path: Path) -> None:
    node = Node()
    async with mining(tmp_path, node) as solo:
        await solo.listener.job()
        node.raw = http(500, "broken")
        await solo.second()
        await solo.notice("HTTP 500")
        assert solo.listener.no_job == []
        await solo.seconds_until(lambda: bool(solo.listener.no_job))
        assert solo.time.now == pytest.approx(1121, abs=3)
        node.raw = None
        await solo.seconds_until(lambda: len(solo.listener.jobs) == 2)
        assert solo.listener.jobs[1].clean


@in_loop
async def test_blocks_go_to_every_node(tmp_path: Path) -> None:
    first, second = _pair()
    async with mining(tmp_path, first, second) as solo:
        solo.source.submit(solve(await solo.listener.job()))
        assert await solo.listener.verdict() is Verdict.ACCEPTED
        await first.changes.until(lambda: bool(first.submitted))
        await second.changes.until(lambda: bool(second.submitted))
        assert first.submitted == second.submitted
        assert len(solo.listener.results) == 1


@in_loop
async def test_one_node_is_enough_to_take_a_block(tmp_path: Path) -> None:
    first, second = _pair()
    first.behaves["submitblock"] = rpc_error(-28, "Loading")
    async with mining(tmp_path, first, second) as solo:
        solo.source.submit(solve(await solo.listener.job()))
        assert await solo.listener.verdict() is Verdict.ACCEPTED


@in_loop
async def test_the_next_node_takes_over_at_once_and_the_first_only_when_stable(
    tmp_path: Path,
) -> None:
    first, second = _pair()
    async with mining(tmp_path, first, second) as solo:
        await solo.listener.job()
        await solo.traffic.quiet()
        first.raw = http(500, "broken")
        await solo.second()
        await solo.notice(f"mining alone on http://127.0.0.1:{second.port}")
        left = solo.time.now
        first.raw = None
        back = f"mining alone on http://127.0.0.1:{first.port}"
        lines = solo.listener.notices
        await solo.seconds_until(lambda: [text for text, _ in lines].count(back) == 2)
        assert 30 <= solo.time.now - left < 40


@in_loop
async def test_the_first_node_is_mined_on_though_the_second_was_quicker(tmp_path: Path) -> None:
    first, second = _pair()
    held = asyncio.Event()

    async def slow(params: list[Any]) -> Any:
        await held.wait()
        return await first.on_getblockchaininfo(params)

    first.behaves["getblockchaininfo"] = slow
    async with mining(tmp_path, first, second) as solo:
        await solo.notice(f"mining alone on http://127.0.0.1:{second.port}")
        held.set()
        await solo.notice(f"mining alone on http://127.0.0.1:{first.port}")
        assert solo.time.now == 1000


@in_loop
async def test_a_misfit_among_several_nodes_is_left_out(tmp_path: Path) -> None:
    first, second = _pair()
    first.info["chain"] = "main"
    async with mining(tmp_path, first, second) as solo:
        assert "chain main, not regtest" in await solo.notice("left out of this run")
        await solo.listener.job()
        assert solo.source.status().url.endswith(str(second.port))
        solo.source.submit(solve(solo.listener.jobs[0]))
        assert await solo.listener.verdict() is Verdict.ACCEPTED
        await solo.traffic.quiet()
        assert first.submitted == []


@in_loop
async def test_a_pruned_node_is_fine(tmp_path: Path) -> None:
    node = Node()
    node.info["pruned"] = True
    async with mining(tmp_path, node) as solo:
        assert "chain regtest, 105 blocks, pruned" in await solo.notice("which is fine")
        await solo.listener.job()


def _pair() -> tuple[Node, Node]:
    """Two nodes that see the same chain."""
    first, second = Node(), Node()
    second.chain = first.chain
    return first, second
