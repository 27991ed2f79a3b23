from random import Random

from hypothesis import given
from hypothesis import strategies as st

from stampmill.pool.node.script import OP_TRUE_SCRIPT
from stampmill.pool.node.template import TemplateTransaction
from stampmill.pool.node.traffic import ENOUGH_COINS, Traffic
from stampmill.pool.node.transaction import OutPoint, Transaction
from stampmill.pool.node.validation import Coin

HEIGHT = 500

coins = st.builds(
    Coin,
    st.integers(0, 5_000_000_000),
    st.just(OP_TRUE_SCRIPT),
    st.integers(HEIGHT - 120, HEIGHT - 1),
    st.booleans(),
)
purses = st.lists(coins, max_size=40).map(
    lambda each: {OutPoint(bytes([n]) * 32, n): coin for n, coin in enumerate(each)}
)


def traffic(
    purse: dict[OutPoint, Coin], count: int, seed: int = 1
) -> tuple[TemplateTransaction, ...]:
    return Traffic(count, Random(seed)).transactions(purse, HEIGHT)


@given(purses, st.integers(0, 8), st.integers())
def test_every_transaction_is_valid_where_it_stands(
    purse: dict[OutPoint, Coin], count: int, seed: int
) -> None:
    values = {
        outpoint: coin.value
        for outpoint, coin in purse.items()
        if not coin.from_coinbase or coin.height <= HEIGHT - 100
    }
    for each in traffic(purse, count, seed):
        transaction = Transaction.from_bytes(each.data)
        spent = sum(values.pop(one.previous) for one in transaction.inputs)
        paid = sum(output.value for output in transaction.outputs)
        assert spent - paid == each.fee >= 0
        assert (each.txid, each.wtxid) == (transaction.txid(), transaction.wtxid())
        for index, output in enumerate(transaction.outputs):
            values[OutPoint(each.txid, index)] = output.value


@given(purses, st.integers(1, 8))
def test_one_spendable_coin_is_enough_for_a_full_list(
    purse: dict[OutPoint, Coin], count: int
) -> None:
    mature = any(not coin.from_coinbase or coin.height <= HEIGHT - 100 for coin in purse.values())
    assert len(traffic(purse, count)) == (count if mature else 0)


def test_many_coins_become_fewer_and_few_become_more() -> None:
    def made(number: int) -> int:
        coin = Coin(1_000_000, OP_TRUE_SCRIPT, 1, False)
        purse = {OutPoint(bytes([n]) * 32, 0): coin for n in range(number)}
        change = 0
        for each in traffic(purse, 1):
            transaction = Transaction.from_bytes(each.data)
            change += len(transaction.outputs) - len(transaction.inputs)
        return change

    assert made(ENOUGH_COINS) == -1
    assert made(ENOUGH_COINS - 1) == 1


def test_children_stand_behind_their_parents() -> None:
    purse = {OutPoint(bytes(32), 0): Coin(1_000_000, OP_TRUE_SCRIPT, 1, False)}
    parent, child = traffic(purse, 2)
    spent = Transaction.from_bytes(child.data).inputs[0].previous
    assert spent.txid == parent.txid
