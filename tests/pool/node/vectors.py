"""The node's part of the shared vectors, and the world that its block lives in."""

import json
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from stampmill.core.chain import merkle
from stampmill.core.chain.header import Header
from stampmill.core.chain.target import meets_target, target_from_nbits
from stampmill.pool.node.block import Block
from stampmill.pool.node.script import OP_TRUE_SCRIPT
from stampmill.pool.node.transaction import OutPoint, Transaction
from stampmill.pool.node.validation import BlockContext, BlockReason, Coin, check_block, connect


@cache
def vectors() -> dict[str, Any]:
    path = Path(__file__).parents[2] / "vectors" / "stratum.json"
    loaded: dict[str, Any] = json.loads(path.read_text())
    return loaded


def case() -> dict[str, Any]:
    """The accepted block of Bitcoin Core 30.0, its template and fifteen broken variants."""
    found: dict[str, Any] = vectors()["getblocktemplate"]
    return found


def accepted_block() -> Block:
    return Block.from_bytes(bytes.fromhex(case()["block"]))


def context() -> BlockContext:
    """What Core's node knew: the coins are those that the block spends, the fees as told."""
    template = case()["template"]
    transactions = accepted_block().transactions[1:]
    fees = [each["fee"] for each in template["transactions"]]
    made = {each.txid() for each in transactions}
    coins = {
        OutPoint(spent.previous.txid, spent.previous.index): Coin(
            sum(output.value for output in each.outputs) + fee, OP_TRUE_SCRIPT, 1, True
        )
        for each, fee in zip(transactions, fees, strict=True)
        for spent in each.inputs
        if spent.previous.txid not in made
    }
    return BlockContext(
        height=template["height"],
        previous_hash=bytes.fromhex(template["previousblockhash"])[::-1],
        nbits=int(template["bits"], 16),
        min_time=template["mintime"],
        now=template["curtime"],
        subsidy=template["coinbasevalue"] - sum(fees),
        coins=coins,
    )


def judge(block: Block, judged_by: BlockContext) -> BlockReason | None:
    reason = check_block(block, judged_by)
    if reason is not None:
        return reason
    changes = connect(block, judged_by)
    return changes if isinstance(changes, BlockReason) else None


@dataclass(frozen=True)
class Forge:
    """Makes variants of a block, each with a fitting merkle root and solved again."""

    block: Block

    def with_transactions(self, *transactions: Transaction) -> Block:
        root = merkle.root([each.txid() for each in transactions])
        header = replace(self.block.header, merkle_root=root)
        return Block(solved(header), transactions)

    def with_coinbase(self, coinbase: Transaction) -> Block:
        return self.with_transactions(coinbase, *self.block.transactions[1:])

    def with_header(self, **fields: Any) -> Block:
        return Block(solved(replace(self.block.header, **fields)), self.block.transactions)

    @property
    def coinbase(self) -> Transaction:
        return self.block.transactions[0]

    def coinbase_script(self, script: bytes) -> Block:
        spent = replace(self.coinbase.inputs[0], script=script)
        return self.with_coinbase(replace(self.coinbase, inputs=(spent,)))

    def coinbase_values(self, *values: int) -> Block:
        outputs = tuple(
            replace(output, value=value)
            for output, value in zip(self.coinbase.outputs, values, strict=True)
        )
        return self.with_coinbase(replace(self.coinbase, outputs=outputs))

    def commitment(self, script: bytes | None) -> Block:
        outputs = self.coinbase.outputs[:1]
        if script is not None:
            outputs += (replace(self.coinbase.outputs[1], script=script),)
        return self.with_coinbase(replace(self.coinbase, outputs=outputs))


def solved(header: Header, *, wrong: bool = False) -> Header:
    """The header with the first nonce that meets (or misses) regtest's target."""
    target = target_from_nbits(0x207FFFFF)
    for nonce in range(1000):
        tried = replace(header, nonce=nonce)
        if meets_target(tried.hash(), target) != wrong:
            return tried
    raise AssertionError("one nonce in two solves a regtest block")
