"""Core's answers to fifteen broken variants of one accepted block, and what Core does not show."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from stampmill.core.errors import EncodingError
from stampmill.pool.node.block import Block
from stampmill.pool.node.script import COMMITMENT_PREFIX, commitment_script
from stampmill.pool.node.transaction import (
    COINBASE_OUTPOINT,
    Transaction,
    TxInput,
    TxOutput,
)
from stampmill.pool.node.validation import BlockReason, block_weight

from .vectors import Forge, accepted_block, case, context, judge, solved

FORGE = Forge(accepted_block())
COINBASE = FORGE.coinbase
REST = FORGE.block.transactions[1:]

BROKEN: dict[str, Callable[[], Block]] = {
    "segwit transactions but no witness commitment output": lambda: FORGE.commitment(None),
    "wrong witness commitment": lambda: FORGE.commitment(COMMITMENT_PREFIX + bytes(32)),
    "coinbase pays one satoshi too much": lambda: FORGE.coinbase_values(
        COINBASE.outputs[0].value + 1, 0
    ),
    "BIP34 height off by one": lambda: FORGE.coinbase_script(b"\x01\x7a\x08" + bytes(8)),
    "time below mintime": lambda: FORGE.with_header(ntime=context().min_time - 1),
    "time more than two hours ahead": lambda: FORGE.with_header(ntime=int(context().now) + 7201),
    "version 1": lambda: FORGE.with_header(version=1),
    "wrong nBits": lambda: FORGE.with_header(nbits=0x207FFFFE),
    "unknown previous block": lambda: FORGE.with_header(previous_hash=bytes(range(32))),
    "child before parent": lambda: FORGE.with_transactions(
        *recommitted(COINBASE, REST[2], *REST[:2], *REST[3:])
    ),
    "coinbase scriptSig longer than 100 bytes": lambda: FORGE.coinbase_script(
        b"\x01\x79" + bytes(99)
    ),
    "merkle root does not match": lambda: FORGE.with_header(merkle_root=bytes(32)),
    "hash above target": lambda: Block(
        solved(FORGE.block.header, wrong=True), FORGE.block.transactions
    ),
    "subset of transactions with the template commitment (stale commitment)": lambda: (
        FORGE.with_transactions(
            replace(
                COINBASE,
                outputs=(replace(COINBASE.outputs[0], value=5_000_000_000), COINBASE.outputs[1]),
            ),
            *REST[:4],
        )
    ),
}

TRUNCATED = "truncated block (JSON-RPC error)"


def recommitted(coinbase: Transaction, *rest: Transaction) -> tuple[Transaction, ...]:
    """Put the witness commitment of the new order into the coinbase."""
    script = commitment_script([each.wtxid() for each in rest])
    outputs = (coinbase.outputs[0], TxOutput(0, script))
    return (replace(coinbase, outputs=outputs), *rest)


def with_witness_stack(*stack: bytes) -> Block:
    spent = replace(COINBASE.inputs[0], witness=stack)
    return FORGE.with_coinbase(replace(COINBASE, inputs=(spent,)))


def with_extra(extra: Transaction) -> Block:
    return FORGE.with_transactions(*recommitted(COINBASE, *REST, extra))


def test_the_block_that_core_accepted_is_accepted() -> None:
    assert judge(FORGE.block, context()) is None


def test_every_broken_variant_of_the_vectors_is_tried() -> None:
    assert set(BROKEN) | {TRUNCATED} == set(case()["negative"])


@pytest.mark.parametrize("why", BROKEN)
def test_broken_variant_gets_cores_answer(why: str) -> None:
    reason = judge(BROKEN[why](), context())
    assert reason is not None
    # Core adds the number to a bad version: bad-version(0x00000001).
    assert case()["negative"][why].split("(")[0] == reason.value


def test_truncated_block_is_not_decoded() -> None:
    raw = bytes.fromhex(case()["block"])
    with pytest.raises(EncodingError):
        Block.from_bytes(raw[:-1])
    with pytest.raises(EncodingError):
        Block.from_bytes(raw + b"\x00")
    assert BlockReason.DECODE.value in case()["negative"][TRUNCATED]


@pytest.mark.parametrize(
    ("block", "reason"),
    [
        (with_witness_stack, BlockReason.WITNESS_RESERVED_SIZE),
        (lambda: with_witness_stack(bytes(31)), BlockReason.WITNESS_RESERVED_SIZE),
        (lambda: with_witness_stack(bytes(32), bytes(32)), BlockReason.WITNESS_RESERVED_SIZE),
        (lambda: with_witness_stack(b"\x01" * 32), BlockReason.WITNESS_COMMITMENT),
        (lambda: FORGE.with_transactions(*REST), BlockReason.COINBASE_MISSING),
        (lambda: with_extra(COINBASE), BlockReason.COINBASE_MULTIPLE),
        (lambda: with_extra(REST[0]), BlockReason.MISSING_INPUTS),
        (lambda: with_extra(Transaction(2, (), REST[0].outputs)), BlockReason.NO_INPUTS),
        (lambda: with_extra(Transaction(2, REST[0].inputs, ())), BlockReason.NO_OUTPUTS),
        (lambda: FORGE.with_header(version=0x80000004), BlockReason.BAD_VERSION),
        (lambda: FORGE.coinbase_script(b"\x79"), BlockReason.COINBASE_LENGTH),
        (lambda: Block(replace(FORGE.block.header, nbits=0x21800000), ()), BlockReason.HIGH_HASH),
        (lambda: Block(replace(FORGE.block.header, nbits=0x04923456), ()), BlockReason.HIGH_HASH),
    ],
)
def test_other_breaches(block: Callable[[], Block], reason: BlockReason) -> None:
    assert judge(block(), context()) is reason


def changed_last(**fields: object) -> Block:
    last = replace(REST[-1], **fields)  # type: ignore[arg-type]
    return FORGE.with_transactions(*recommitted(COINBASE, *REST[:-1], last))


def test_spending_more_than_there_is() -> None:
    outputs = tuple(replace(each, value=each.value * 3) for each in REST[-1].outputs)
    assert judge(changed_last(outputs=outputs), context()) is BlockReason.SPENDS_TOO_MUCH


def test_more_money_than_there_will_ever_be() -> None:
    outputs = (TxOutput(21_000_000 * 100_000_000 + 1, b""),)
    assert judge(changed_last(outputs=outputs), context()) is BlockReason.VALUE_RANGE


@pytest.mark.parametrize("witness", [(), (b"\x52",), (b"\x01", b"\x51")])
def test_wrong_witness(witness: tuple[bytes, ...]) -> None:
    inputs = (replace(REST[-1].inputs[0], witness=witness),)
    assert judge(changed_last(inputs=inputs), context()) is BlockReason.SCRIPT


def test_coinbase_spent_too_young() -> None:
    young = {
        outpoint: replace(coin, height=case()["template"]["height"] - 99)
        for outpoint, coin in context().coins.items()
    }
    judged_by = replace(context(), coins=young)
    assert judge(FORGE.block, judged_by) is BlockReason.PREMATURE_SPEND


@pytest.mark.parametrize(
    ("lock_time", "sequence", "reason"),
    [
        (120, 0, None),
        (121, 0, BlockReason.NOT_FINAL),
        (121, 0xFFFFFFFF, None),
        (1795306719, 0, None),
        (1795306720, 0, BlockReason.NOT_FINAL),
    ],
)
def test_lock_time(lock_time: int, sequence: int, reason: BlockReason | None) -> None:
    inputs = (replace(REST[-1].inputs[0], sequence=sequence),)
    assert judge(changed_last(lock_time=lock_time, inputs=inputs), context()) is reason


def test_time_limits_are_inclusive() -> None:
    assert judge(FORGE.with_header(ntime=context().min_time), context()) is None
    assert judge(FORGE.with_header(ntime=int(context().now) + 7200), context()) is None


def test_paying_less_than_allowed_is_nobodys_business() -> None:
    assert judge(FORGE.coinbase_values(1, 0), context()) is None


def test_of_two_commitments_the_last_counts() -> None:
    wrong = TxOutput(0, COMMITMENT_PREFIX + bytes(32))
    payout, right = COINBASE.outputs
    first = replace(COINBASE, outputs=(payout, wrong, right))
    last = replace(COINBASE, outputs=(payout, right, wrong))
    assert judge(FORGE.with_coinbase(first), context()) is None
    assert judge(FORGE.with_coinbase(last), context()) is BlockReason.WITNESS_COMMITMENT


def test_weight_is_limited() -> None:
    def padded(size: int) -> Block:
        outputs = (*COINBASE.outputs, TxOutput(0, bytes(size)))
        return FORGE.with_coinbase(replace(COINBASE, outputs=outputs))

    spare = (4_000_000 - block_weight(padded(70_000))) // 4
    assert judge(padded(70_000 + spare), context()) is None
    assert judge(padded(70_001 + spare), context()) is BlockReason.WEIGHT


def test_weight_of_the_block() -> None:
    whole = len(FORGE.block.to_bytes())
    bare = 80 + 1 + sum(len(each.without_witness()) for each in FORGE.block.transactions)
    assert block_weight(FORGE.block) == 3 * bare + whole


def test_null_input_beside_another_is_no_coinbase() -> None:
    inputs = (TxInput(COINBASE_OUTPOINT), *REST[0].inputs)
    block = FORGE.with_transactions(replace(COINBASE, inputs=inputs), *REST)
    assert judge(block, context()) is BlockReason.COINBASE_MISSING
