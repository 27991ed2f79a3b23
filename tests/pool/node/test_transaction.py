from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stampmill.core.errors import EncodingError
from stampmill.pool.node.transaction import (
    COINBASE_OUTPOINT,
    OutPoint,
    Transaction,
    TxInput,
    TxOutput,
)

from .vectors import case

ENTRIES: list[dict[str, Any]] = case()["template"]["transactions"]

inputs = st.builds(
    TxInput,
    st.builds(OutPoint, st.binary(min_size=32, max_size=32), st.integers(0, 0xFFFFFFFF)),
    st.binary(max_size=80),
    st.integers(0, 0xFFFFFFFF),
    st.lists(st.binary(max_size=40), max_size=3).map(tuple),
)
outputs = st.builds(TxOutput, st.integers(0, 1 << 50), st.binary(max_size=80))
transactions = st.builds(
    Transaction,
    st.integers(0, 0xFFFFFFFF),
    st.lists(inputs, min_size=1, max_size=3).map(tuple),
    st.lists(outputs, min_size=1, max_size=3).map(tuple),
    st.integers(0, 0xFFFFFFFF),
)


@pytest.mark.parametrize("entry", ENTRIES, ids=[each["txid"][:8] for each in ENTRIES])
def test_real_transactions_have_the_ids_and_weight_that_core_gave(entry: dict[str, Any]) -> None:
    data = bytes.fromhex(entry["data"])
    transaction = Transaction.from_bytes(data)
    assert transaction.to_bytes() == data
    assert transaction.txid()[::-1].hex() == entry["txid"]
    assert transaction.wtxid()[::-1].hex() == entry["hash"]
    assert transaction.weight() == entry["weight"]


@given(transactions)
def test_round_trip(transaction: Transaction) -> None:
    assert Transaction.from_bytes(transaction.to_bytes()) == transaction


@given(transactions)
def test_the_witness_changes_only_the_wtxid(transaction: Transaction) -> None:
    bare = Transaction.from_bytes(transaction.without_witness())
    assert bare.txid() == transaction.txid()
    assert (bare.wtxid() == transaction.wtxid()) is not transaction.has_witness


def test_every_truncation_is_refused() -> None:
    data = bytes.fromhex(ENTRIES[0]["data"])
    for size in range(len(data)):
        with pytest.raises(EncodingError):
            Transaction.from_bytes(data[:size])


def test_bytes_behind_are_refused() -> None:
    with pytest.raises(EncodingError, match="1 bytes behind"):
        Transaction.from_bytes(bytes.fromhex(ENTRIES[0]["data"]) + b"\x00")


def test_announced_witness_must_be_there() -> None:
    data = bytes.fromhex(ENTRIES[0]["data"])
    empty_witness = data.replace(b"\x01\x01\x51\x00\x00\x00\x00", b"\x00\x00\x00\x00\x00")
    with pytest.raises(EncodingError, match="has none"):
        Transaction.from_bytes(empty_witness)


def test_a_count_that_lies_does_not_reserve_memory() -> None:
    with pytest.raises(EncodingError):
        Transaction.from_bytes(bytes(4) + b"\xff" + b"\xff" * 8 + bytes(60))


def test_only_the_null_outpoint_alone_makes_a_coinbase() -> None:
    coin = TxInput(OutPoint(bytes(32), 0))
    null = TxInput(COINBASE_OUTPOINT)
    assert Transaction(2, (null,), ()).is_coinbase
    assert not Transaction(2, (coin,), ()).is_coinbase
    assert not Transaction(2, (null, coin), ()).is_coinbase
