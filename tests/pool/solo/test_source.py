"""Mining alone, over real HTTP at a node of our own chain, on a clock that stands still."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from stampmill.core.job import Job, RejectReason, Share, Verdict
from stampmill.core.job_source import SourceState
from stampmill.core.work import ExtranonceCounter
from stampmill.pool.node.block import Block
from tests.pool.loopback import in_loop

from .nodes import ADDRESS, SCRIPT, Node, Solo, always, mining, rpc_error, solve


@in_loop
async def test_a_template_becomes_a_job_at_once(tmp_path: Path) -> None:
    node = Node()
    async with mining(tmp_path, node) as solo:
        job = await solo.listener.job()
        template = node.chain.template()
        assert job.clean
        assert job.previous_hash == template.previous_hash
        assert job.merkle_branch == template.merkle_branch
        assert job.ntime == pytest.approx(template.current_time, abs=2)
        assert job.version_mask == 0x1FFFE000
        assert (len(job.extranonce1), job.extranonce2_size) == (8, 8)
        status = solo.source.status()
        assert status.state is SourceState.AUTHORIZED
        assert (status.url, status.user) == (f"http://127.0.0.1:{node.port}", ADDRESS)


@in_loop
async def test_a_new_tip_comes_by_long_poll_without_waiting(tmp_path: Path) -> None:
    node = Node()
    async with mining(tmp_path, node) as solo:
        await solo.listener.job()
        await node.changes.until(lambda: node.long_polls == 1)
        node.grow()
        job = await solo.listener.job(2)
        assert job.clean
        assert job.previous_hash == node.chain.tip.hash()
        assert node.calls["getbestblockhash"] == 0


@in_loop
async def test_new_transactions_update_the_job_and_leave_old_shares_alive(tmp_path: Path) -> None:
    node = Node()
    async with mining(tmp_path, node) as solo:
        first = await solo.listener.job()
        await node.changes.until(lambda: node.long_polls == 1)
        node.add_transactions()
        job = await solo.listener.job(2)
        assert not job.clean
        solo.source.submit(solve(first))
        assert await solo.listener.verdict() is Verdict.ACCEPTED


@in_loop
async def test_a_new_tip_comes_by_polling_where_there_is_no_long_poll(tmp_path: Path) -> None:
    node = Node()
    node.template_changes["longpollid"] = ""
    async with mining(tmp_path, node) as solo:
        await solo.listener.job()
        node.grow()
        await solo.second()
        job = await solo.listener.job(2)
        assert job.clean
        assert job.previous_hash == node.chain.tip.hash()


@in_loop
async def test_a_dead_long_poll_costs_nothing_but_a_second(tmp_path: Path) -> None:
    node = Node()
    node.behaves["getblocktemplate"] = _no_long_polls(node)
    async with mining(tmp_path, node) as solo:
        await solo.listener.job()
        await node.changes.until(lambda: node.calls["long poll refused"] == 1)
        node.grow()
        await solo.second()
        assert (await solo.listener.job(2)).previous_hash == node.chain.tip.hash()
        assert not any(warning for _, warning in solo.listener.notices)


@in_loop
async def test_a_template_is_asked_for_anew_every_half_minute(tmp_path: Path) -> None:
    node = Node()
    node.template_changes["longpollid"] = ""
    async with mining(tmp_path, node) as solo:
        first = await solo.listener.job()
        node.template_changes["curtime"] = first.ntime + 30
        await solo.seconds_until(lambda: len(solo.listener.jobs) == 2)
        assert solo.time.now == pytest.approx(1030, abs=2)
        job = solo.listener.jobs[1]
        assert (job.ntime, job.clean) == (first.ntime + 30, False)


@in_loop
async def test_a_share_is_a_whole_block_on_disk_and_at_the_node(tmp_path: Path) -> None:
    node = Node()
    async with mining(tmp_path, node, signature=b"/stampmill/") as solo:
        job = await solo.listener.job()
        share = solve(job)
        height = node.chain.height + 1
        solo.source.submit(share)
        (path,) = (tmp_path / "regtest").glob("*.hex")  # before any answer
        assert await solo.listener.verdict() is Verdict.ACCEPTED
        assert bytes.fromhex(path.read_text()) == node.submitted[0]
        assert path.name == f"{height}-{share.hash[::-1].hex()}.hex"
        block = Block.from_bytes(node.submitted[0])
        assert block.transactions[0].outputs[0].script == SCRIPT
        assert b"/stampmill/" in block.transactions[0].inputs[0].script
        assert len(block.transactions) == len(node.template()["transactions"]) + 1
        assert solo.source.blocks == 1
        after = await solo.listener.job(2)
        assert after.clean
        assert after.previous_hash == share.hash


@in_loop
async def test_rolled_extranonces_and_versions_make_valid_blocks(tmp_path: Path) -> None:
    node, extranonces = Node(), ExtranonceCounter()
    extranonces.position = 0x1234567890
    async with mining(tmp_path, node) as solo:
        for number in range(1, 5):
            job = await solo.listener.job(number)
            solo.source.submit(solve(job, extranonces))
            assert await solo.listener.verdict(number) is Verdict.ACCEPTED


@in_loop
async def test_a_block_for_an_old_tip_is_not_submitted(tmp_path: Path) -> None:
    node = Node()
    async with mining(tmp_path, node) as solo:
        share = solve(await solo.listener.job())
        node.grow()
        await solo.listener.job(2)
        solo.source.submit(share)
        assert solo.listener.verdicts == [Verdict.STALE]
        assert node.submitted == []


@in_loop
async def test_of_two_easy_blocks_for_a_tip_one_is_submitted(tmp_path: Path) -> None:
    node = Node()
    async with mining(tmp_path, node) as solo:
        first, second = await _two_shares(solo)
        solo.source.submit(first)
        solo.source.submit(second)
        assert solo.listener.verdicts == [Verdict.STALE]
        assert await solo.listener.verdict(2) is Verdict.ACCEPTED
        assert len(node.submitted) == 1


@in_loop
async def test_after_a_refusal_the_next_block_for_the_tip_has_its_chance(tmp_path: Path) -> None:
    node = Node()
    async with mining(tmp_path, node) as solo:
        first, second = await _two_shares(solo)
        node.behaves["submitblock"] = always("bad-cb-amount")
        solo.source.submit(first)
        assert await solo.listener.verdict() is Verdict.REJECTED
        del node.behaves["submitblock"]
        solo.source.submit(second)
        assert await solo.listener.verdict(2) is Verdict.ACCEPTED


@pytest.mark.parametrize(
    ("answer", "verdict", "reason", "words"),
    [
        (None, Verdict.ACCEPTED, None, "took it"),
        ("duplicate", Verdict.ACCEPTED, None, "it is valid"),
        ("inconclusive", Verdict.REJECTED, RejectReason.STALE, "the tip had moved"),
        ("high-hash", Verdict.REJECTED, RejectReason.LOW_DIFFICULTY, "above the target"),
        ("rejected: bad-txns-vout-negative", Verdict.REJECTED, RejectReason.OTHER, "transaction"),
    ],
)
def test_the_nodes_answer_is_explained(
    tmp_path: Path, answer: str | None, verdict: Verdict, reason: RejectReason | None, words: str
) -> None:
    async def main() -> None:
        node = Node()
        node.behaves["submitblock"] = always(answer)
        async with mining(tmp_path, node) as solo:
            solo.source.submit(solve(await solo.listener.job()))
            assert await solo.listener.verdict() is verdict
            result = solo.listener.results[0][1]
            assert result.reason is reason
            assert words in result.text
            assert result.latency is not None

    asyncio.run(main())


@in_loop
async def test_a_block_that_the_node_cannot_read_is_rejected_in_its_words(tmp_path: Path) -> None:
    node = Node()
    node.behaves["submitblock"] = rpc_error(-22, "Block decode failed")
    async with mining(tmp_path, node) as solo:
        solo.source.submit(solve(await solo.listener.job()))
        assert await solo.listener.verdict() is Verdict.REJECTED
        assert "Block decode failed" in solo.listener.results[0][1].text


@in_loop
async def test_a_node_that_does_not_answer_is_asked_again_until_it_does(tmp_path: Path) -> None:
    node = Node()
    async with mining(tmp_path, node) as solo:
        share = solve(await solo.listener.job())
        node.behaves["submitblock"] = rpc_error(-28, "Loading")
        solo.source.submit(share)
        await solo.notice("trying again")
        del node.behaves["submitblock"]
        await solo.second()
        assert await solo.listener.verdict() is Verdict.ACCEPTED


@in_loop
async def test_a_block_without_any_answer_is_lost_at_the_end_and_named(tmp_path: Path) -> None:
    node = Node()
    async with mining(tmp_path, node) as solo:
        share = solve(await solo.listener.job())
        node.behaves["submitblock"] = rpc_error(-28, "Loading")
        solo.source.submit(share)
        await solo.notice("trying again")
        assert solo.source.status().pending == 1
        drained = asyncio.create_task(solo.source.drain(2.0))
        await solo.second(2)
        await drained
        assert solo.listener.verdicts == [Verdict.LOST]
        assert len(list((tmp_path / "regtest").glob("*.hex"))) == 1


@in_loop
async def test_without_room_on_the_disk_blocks_are_submitted_all_the_same(tmp_path: Path) -> None:
    node = Node()
    (tmp_path / "regtest").write_text("a file where a folder should be")
    async with mining(tmp_path, node) as solo:
        solo.source.submit(solve(await solo.listener.job()))
        assert await solo.listener.verdict() is Verdict.ACCEPTED
        assert "could not be written" in await solo.notice("submitted all the same")
        assert dict(solo.source.status().dropped) == {"block-not-written": 1}
        assert (await solo.listener.job(2)).clean


@in_loop
async def test_a_block_that_is_left_aside_later_is_told(tmp_path: Path) -> None:
    node = Node()
    node.behaves["getblockheader"] = always({"confirmations": -1})
    async with mining(tmp_path, node) as solo:
        solo.source.submit(solve(await solo.listener.job()))
        assert await solo.listener.verdict() is Verdict.ACCEPTED
        await solo.notice("not in the main chain")


async def _two_shares(solo: Solo) -> tuple[Share, Share]:
    job: Job = await solo.listener.job()
    extranonces = ExtranonceCounter()
    return solve(job, extranonces), solve(job, extranonces)


def _no_long_polls(node: Node) -> Any:
    async def answer(params: list[Any]) -> Any:
        if "longpollid" in params[0]:
            node.calls["long poll refused"] += 1
            node.changes.changed()
            return await rpc_error(-1, "no long polls here")(params)
        return await node.on_getblocktemplate(params)

    return answer
