"""Transactions to fill templates with: the coins of the chain move among themselves.

Without them every merkle branch would be empty, and the witness commitment would prove nothing.
"""

from collections import deque
from collections.abc import Mapping
from random import Random

from stampmill.pool.node.script import OP_TRUE, OP_TRUE_SCRIPT
from stampmill.pool.node.template import TemplateTransaction
from stampmill.pool.node.transaction import OutPoint, Transaction, TxInput, TxOutput
from stampmill.pool.node.validation import COINBASE_MATURITY, Coin

ENOUGH_COINS = 12
"""From here on two coins become one, below one becomes two: the set neither dies nor grows."""

REPLACEABLE = 0xFFFFFFFD
"""No lock by age (BIP68) and none by time, as wallets send it (BIP125)."""

MAX_FEE = 2000


class Traffic:
    """Makes the transactions of one block after the other."""

    def __init__(self, count: int, random: Random) -> None:
        self._count = count
        self._random = random

    def transactions(
        self, coins: Mapping[OutPoint, Coin], height: int
    ) -> tuple[TemplateTransaction, ...]:
        """Return at most `count` transactions that are valid in a block at that height.

        Every second one spends an output of the one before it, so their order matters.
        """
        wallet = deque(_spendable(coins, height))
        return tuple(
            self._transaction(wallet, chained=number % 2 == 1)
            for number in range(self._count)
            if wallet
        )

    def _transaction(
        self, wallet: deque[tuple[OutPoint, int]], *, chained: bool
    ) -> TemplateTransaction:
        shrink = len(wallet) >= ENOUGH_COINS
        spent = [wallet.pop() if chained else wallet.popleft()]
        if shrink:
            spent.append(wallet.popleft())
        total = sum(value for _, value in spent)
        fee = min(self._random.randint(MAX_FEE // 2, MAX_FEE), total // 4)
        transaction = _pay(spent, self._split(total - fee, 1 if shrink else 2))
        txid = transaction.txid()
        for index, output in enumerate(transaction.outputs):
            wallet.append((OutPoint(txid, index), output.value))
        return TemplateTransaction(transaction.to_bytes(), txid, transaction.wtxid(), fee)

    def _split(self, value: int, parts: int) -> list[int]:
        if parts == 1:
            return [value]
        first = self._random.randint(value // 4, value // 2)
        return [first, value - first]


def _spendable(coins: Mapping[OutPoint, Coin], height: int) -> list[tuple[OutPoint, int]]:
    return [
        (outpoint, coin.value)
        for outpoint, coin in coins.items()
        if not coin.from_coinbase or height - coin.height >= COINBASE_MATURITY
    ]


def _pay(spent: list[tuple[OutPoint, int]], values: list[int]) -> Transaction:
    return Transaction(
        version=2,
        inputs=tuple(
            TxInput(outpoint, sequence=REPLACEABLE, witness=(OP_TRUE,)) for outpoint, _ in spent
        ),
        outputs=tuple(TxOutput(value, OP_TRUE_SCRIPT) for value in values),
    )
