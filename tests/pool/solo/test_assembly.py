"""Coinbases, jobs and blocks of a real node's template, and the limits that they keep to."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stampmill.core.chain.target import DIFFICULTY_1_TARGET, target_from_difficulty
from stampmill.core.errors import UsageError
from stampmill.core.job import Job
from stampmill.pool.node.block import Block
from stampmill.pool.node.rpc_template import TemplateError
from stampmill.pool.node.script import commitment_script
from stampmill.pool.node.validation import block_weight
from stampmill.pool.solo.assembly import (
    MAX_SIGNATURE,
    Assembly,
    CoinbasePlan,
    check_signature,
    prepare,
)
from stampmill.pool.solo.limits import legacy_sigops
from tests.core.fakes import Sink
from tests.pool.node.vectors import context, judge, solved

from .nodes import solve
from .templates import GIVEN, template

P2PKH = bytes.fromhex("76a914" + "11" * 20 + "88ac")
P2TR = bytes.fromhex("5120" + "22" * 32)
PLAN = CoinbasePlan(P2TR, b"\xac" * 8, b"/sig/")


def job_of(assembly: Assembly, **changes: Any) -> Job:
    said: dict[str, Any] = {
        "clean": True, "received_at": 0.0, "sink": Sink(), "version_mask": 0x1FFFE000,
        "test_difficulty": 1e-9,
    }  # fmt: skip
    return assembly.job("1", **said | changes)


def proposal(assembly: Assembly) -> Block:
    return Block.from_bytes(assembly.proposal())


def test_a_share_is_a_block_that_follows_every_rule() -> None:
    assembly = prepare(template(), PLAN)
    share = solve(job_of(assembly))
    block = Block.from_bytes(assembly.block(share))
    assert block.header.hash() == share.hash
    assert judge(block, context()) is None


def test_a_proposal_is_the_block_but_for_its_work() -> None:
    block = proposal(prepare(template(), PLAN))
    assert judge(replace(block, header=solved(block.header)), context()) is None


def test_the_coinbase_pays_everything_to_the_address_and_carries_the_text() -> None:
    coinbase = proposal(prepare(template(coinbaseaux={"flags": "022f50"}), PLAN)).transactions[0]
    assert (coinbase.outputs[0].value, coinbase.outputs[0].script) == (5_000_055_006, P2TR)
    script = coinbase.inputs[0].script
    assert script.startswith(b"\x01\x79" + b"\x02/P" + b"\x10" + b"\xac" * 8)
    assert script.endswith(b"\x05/sig/")
    assert legacy_sigops(script) == 0


def test_the_nodes_words_give_way_where_the_script_would_be_too_long() -> None:
    plan = replace(PLAN, signature=b"s" * MAX_SIGNATURE)
    for size, stays in ((37, True), (38, False)):
        coinbase = proposal(prepare(template(coinbaseaux={"flags": "51" * size}), plan))
        script = coinbase.transactions[0].inputs[0].script
        assert (b"\x51" * size in script) is stays
        assert len(script) <= 100


def test_bits_of_the_version_that_others_use_are_not_rolled() -> None:
    said = template(version=0x20002000, vbavailable={"testdummy": 28}, vbrequired=1 << 14)
    job = job_of(prepare(said, PLAN))
    assert job.version_mask == 0x1FFFE000 & ~0x2000 & ~(1 << 28) & ~(1 << 14)


def test_on_a_test_chain_blocks_are_asked_for_at_a_difficulty_that_one_can_stand() -> None:
    assembly = prepare(template(), PLAN)
    assert job_of(assembly, test_difficulty=1e-3).share_target == target_from_difficulty(1e-3)
    assert job_of(assembly, test_difficulty=1e-12).share_target == int(GIVEN["target"], 16)


def test_on_a_real_chain_every_block_is_asked_for() -> None:
    said = template(bits="1d00ffff", target=f"{DIFFICULTY_1_TARGET:064x}")
    job = job_of(prepare(said, PLAN), test_difficulty=1e9)
    assert job.share_target == job.block_target == DIFFICULTY_1_TARGET
    assert job.difficulty == 1


@given(st.integers(1, 10_000))
def test_a_block_never_weighs_more_than_its_limit(limit: int) -> None:
    said = template(weightlimit=limit)
    try:
        assembly = prepare(said, PLAN)
    except TemplateError:
        assert limit < 1200  # no coinbase fits
        return
    block = proposal(assembly)
    assert block_weight(block) <= limit
    kept = len(block.transactions) - 1
    if kept < 10:
        more = block_weight(block) + said.block.transactions[kept].weight
        assert more > limit


def test_with_transactions_left_out_value_and_commitment_are_those_of_the_rest() -> None:
    assembly = prepare(template(weightlimit=4000), PLAN)
    kept = assembly.template.block.transactions
    assert 0 < len(kept) < 10
    block = proposal(assembly)
    fees = sum(each["fee"] for each in GIVEN["transactions"][: len(kept)])
    assert block.transactions[0].outputs[0].value == 5_000_000_000 + fees
    assert block.transactions[0].outputs[1].script == commitment_script(
        [each.wtxid for each in kept]
    )
    assert judge(replace(block, header=solved(block.header)), context()) is None


def test_sigops_and_bytes_are_limits_too() -> None:
    first, *rest = GIVEN["transactions"]
    busy = template(transactions=[first | {"sigops": 79_997}, *rest])
    pays_key_hash = prepare(busy, replace(PLAN, payout_script=P2PKH))  # costs 4
    assert len(pays_key_hash.template.block.transactions) == 0
    assert len(prepare(busy, PLAN).template.block.transactions) == 10
    small = prepare(template(sizelimit=700), PLAN)
    assert 0 < len(small.template.block.transactions) < 10
    assert len(small.proposal()) <= 700


def test_a_node_that_wants_all_its_transactions_gets_no_block_without_them() -> None:
    with pytest.raises(TemplateError, match="wants all transactions"):
        prepare(template(weightlimit=4000, mutable=["time"]), PLAN)


@pytest.mark.parametrize(
    ("script", "count"),
    [
        ("", 0),
        ("ac", 1),
        ("adac", 2),
        ("ae", 20),
        ("af", 20),
        ("01ac", 0),
        ("02acacac", 1),
        ("4c02acacac", 1),
        ("4d0200acacac", 1),
        ("4e02000000acacac", 1),
        ("4bac", 0),  # a push that is cut off
        ("5120" + "ac" * 32, 0),
        ("76a914" + "ac" * 20 + "88ac", 1),
    ],
)
def test_signature_checks_are_counted_outside_pushes(script: str, count: int) -> None:
    assert legacy_sigops(bytes.fromhex(script)) == count


def test_a_coinbase_text_is_limited() -> None:
    assert check_signature("/ü/") == "/ü/".encode()
    assert check_signature("s" * 40) == b"s" * 40
    with pytest.raises(UsageError, match="40 bytes, not 41"):
        check_signature("s" * 41)
