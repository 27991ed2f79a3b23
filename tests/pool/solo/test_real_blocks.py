"""Blocks worth money: each is submitted, kept, recorded and looked after.

They are those of the test chain, declared to solve a block of a real one: to find such takes 2**32
hashes.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from stampmill.core.job import Share, Verdict
from stampmill.core.work import ExtranonceCounter
from stampmill.pool.audit import AuditLog
from stampmill.pool.payout.chains import Chain
from stampmill.pool.solo.block_folder import BlockFolder
from tests.pool.loopback import in_loop

from .nodes import Node, RefusedCallError, Solo, always, mining, solve


def real(share: Share) -> Share:
    return replace(share, solves_block=True)


@in_loop
async def test_two_blocks_for_one_tip_are_both_submitted(tmp_path: Path) -> None:
    node, extranonces = Node(), ExtranonceCounter()
    async with mining(tmp_path, node) as solo:
        job = await solo.listener.job()
        for _ in range(2):
            solo.source.submit(real(solve(job, extranonces)))
        await solo.listener.verdict(2)
        assert sorted(verdict.value for verdict in solo.listener.verdicts) == [
            "accepted",
            "rejected",
        ]
        assert len(node.submitted) == 2


@in_loop
async def test_a_stale_block_is_kept_and_not_submitted(tmp_path: Path) -> None:
    node = Node()
    async with mining(tmp_path, node) as solo:
        share = real(solve(await solo.listener.job()))
        node.grow()
        await solo.listener.job(2)
        solo.source.submit(share)
        assert solo.listener.verdicts == [Verdict.STALE]
        assert node.submitted == []
        (path,) = (tmp_path / "regtest").glob("*.hex")
        assert str(path) in await solo.notice("stale block")


@in_loop
async def test_a_found_block_stands_in_the_audit_log_before_its_answer(tmp_path: Path) -> None:
    node, log = Node(), tmp_path / "audit"
    audit = AuditLog(log)
    async with mining(tmp_path, node, audit=audit) as solo:
        share = real(solve(await solo.listener.job()))
        solo.source.submit(share)
        lines = [json.loads(line) for line in log.read_text().splitlines()]
        assert lines[-1]["event"] == "block-found"
        assert lines[-1]["hash"] == share.hash[::-1].hex()
        assert lines[-1]["pool"] == f"http://127.0.0.1:{node.port}"
        assert await solo.listener.verdict() is Verdict.ACCEPTED
    audit.close()


@in_loop
async def test_an_accepted_block_is_looked_after_until_it_is_mature(tmp_path: Path) -> None:
    node = Node()
    looks: list[float] = []
    async with mining(tmp_path, node) as solo:
        node.behaves["getblockheader"] = _growing(looks, solo, [1, 2, -1, 50, 100])
        solo.source.submit(real(solve(await solo.listener.job())))
        assert await solo.listener.verdict() is Verdict.ACCEPTED
        for _ in range(4):
            await solo.traffic.quiet()
            await solo.time.advance(600)
        await solo.traffic.quiet()
        await solo.notice("not in the main chain any more")
        await solo.notice("is mature")
        assert len(looks) == 5
        assert looks[:2] == [1000, 1060]


@in_loop
async def test_a_watch_goes_on_where_the_connection_was_hung_up(tmp_path: Path) -> None:
    node = Node()
    looks: list[float] = []
    async with mining(tmp_path, node) as solo:
        node.behaves["getblockheader"] = _growing(looks, solo, [1])
        solo.source.submit(real(solve(await solo.listener.job())))
        assert await solo.listener.verdict() is Verdict.ACCEPTED
        await solo.traffic.quiet()
    assert len(looks) == 1
    later: list[float] = []
    (mark,) = (tmp_path / "regtest").glob("*.watched")
    async with mining(tmp_path, node) as again:
        node.behaves["getblockheader"] = _growing(later, again, [-1, 100])
        height = mark.name.partition("-")[0]
        await again.listener.job()
        await again.notice(f"block {height} {mark.stem.partition('-')[2]} is not in the main chain")
        await again.traffic.quiet()
        await again.time.advance(60)
        await again.notice("is mature")
        assert len(later) == 2
        assert not mark.exists()
    async with mining(tmp_path, node) as once_more:
        await once_more.listener.job()
        await once_more.traffic.quiet()
    assert len(later) == 2


@in_loop
async def test_a_block_that_no_node_knows_stays_to_be_looked_after(tmp_path: Path) -> None:
    folder = BlockFolder(tmp_path)
    folder.mark(Chain.REGTEST, 7, "ab" * 32)
    folder.mark(Chain.MAIN, 8, "cd" * 32)
    (tmp_path / "regtest/rubbish.watched").touch()
    node = Node()
    asked: list[Any] = []

    async def unknown(params: list[Any]) -> Any:
        asked.append(params[0])
        raise RefusedCallError(-5, "Block not found")

    node.behaves["getblockheader"] = unknown
    async with mining(tmp_path, node) as solo:
        await solo.listener.job()
        await solo.traffic.quiet()
    assert asked == ["ab" * 32]
    assert folder.marked(Chain.REGTEST) == [(7, "ab" * 32)]
    assert folder.marked(Chain.SIGNET) == []


@in_loop
async def test_the_work_id_of_a_template_goes_back_with_its_block(tmp_path: Path) -> None:
    node = Node()
    node.template_changes["workid"] = "w7"
    given: list[Any] = []

    async def submit(params: list[Any]) -> Any:
        given.extend(params)

    node.behaves["submitblock"] = submit
    async with mining(tmp_path, node) as solo:
        solo.source.submit(solve(await solo.listener.job()))
        assert await solo.listener.verdict() is Verdict.ACCEPTED
        assert given[1] == {"workid": "w7"}


@in_loop
async def test_no_template_of_a_tip_is_held_twice(tmp_path: Path) -> None:
    node = Node()
    async with mining(tmp_path, node) as solo:
        first = await solo.listener.job()
        await node.changes.until(lambda: node.long_polls == 1)
        node.add_transactions()
        second = await solo.listener.job(2)
        held = [job.sink._assembly.template.block for job in (first, second)]  # type: ignore[attr-defined]
        assert held[0] is not held[1]
        for old, new in zip(held[0].transactions, held[1].transactions, strict=True):
            assert old is new


@in_loop
async def test_the_tip_of_a_node_that_fails_keeps_no_block_alive(tmp_path: Path) -> None:
    first, second = Node(), Node()
    second.chain = first.chain
    async with mining(tmp_path, first, second) as solo:
        share = solve(await solo.listener.job())
        await solo.traffic.quiet()
        first.behaves = {name: always(5) for name in ("getbestblockhash", "getblocktemplate")}
        await solo.second()
        await solo.notice("is no text")
        first.grow()
        second.changes.changed()
        await solo.seconds_until(lambda: solo.listener.jobs[-1].previous_hash != _tip(share))
        solo.source.submit(share)
        assert solo.listener.verdicts == [Verdict.STALE]


def _tip(share: Share) -> bytes:
    return share.job.previous_hash


def _growing(looks: list[float], solo: Solo, confirmations: list[int]) -> Any:
    async def answer(params: list[Any]) -> Any:
        looks.append(solo.time.now)
        return {"confirmations": confirmations[len(looks) - 1]}

    return answer
