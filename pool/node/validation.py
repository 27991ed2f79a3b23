"""Whether a block may follow the tip: the rules, and the node's words for a breach.

The reasons are Bitcoin Core's answers to `submitblock`. Scripts are not executed: every coin that
the regtest chain keeps is guarded by the same one (`script.OP_TRUE_SCRIPT`), and whoever spends it
must show exactly that.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from stampmill.core.chain import merkle
from stampmill.core.chain.coinbase import height_push
from stampmill.core.chain.header import Header
from stampmill.core.chain.target import meets_target, target_from_nbits
from stampmill.core.errors import EncodingError
from stampmill.pool.node.block import Block
from stampmill.pool.node.script import (
    COMMITMENT_PREFIX,
    OP_TRUE,
    OP_TRUE_SCRIPT,
    WITNESS_RESERVED,
    commitment_script,
)
from stampmill.pool.node.template import MAX_COINBASE_SCRIPT
from stampmill.pool.node.transaction import FINAL_SEQUENCE, OutPoint, Transaction, TxInput

COINBASE_MATURITY = 100
MAX_FUTURE_SECONDS = 7200
MAX_WEIGHT = 4_000_000
MIN_VERSION = 4
"""Since BIP65; regtest has it from the first block."""
MAX_MONEY = 21_000_000 * 100_000_000
LOCK_TIME_THRESHOLD = 500_000_000
"""A lock time below is a height, from here on seconds since 1970."""


class BlockReason(Enum):
    """Why a block was not taken, as Bitcoin Core says it."""

    DECODE = "Block decode failed"
    DUPLICATE = "duplicate"
    INCONCLUSIVE = "inconclusive"
    HIGH_HASH = "high-hash"
    UNKNOWN_PREVIOUS = "prev-blk-not-found"
    BAD_BITS = "bad-diffbits"
    BAD_VERSION = "bad-version"
    TIME_TOO_OLD = "time-too-old"
    TIME_TOO_NEW = "time-too-new"
    MERKLE_ROOT = "bad-txnmrklroot"
    COINBASE_MISSING = "bad-cb-missing"
    COINBASE_MULTIPLE = "bad-cb-multiple"
    COINBASE_LENGTH = "bad-cb-length"
    COINBASE_HEIGHT = "bad-cb-height"
    COINBASE_AMOUNT = "bad-cb-amount"
    WITNESS_RESERVED_SIZE = "bad-witness-nonce-size"
    WITNESS_COMMITMENT = "bad-witness-merkle-match"
    UNEXPECTED_WITNESS = "unexpected-witness"
    WEIGHT = "bad-blk-weight"
    NOT_FINAL = "bad-txns-nonfinal"
    NO_OUTPUTS = "bad-txns-vout-empty"
    NO_INPUTS = "bad-txns-vin-empty"
    VALUE_RANGE = "bad-txns-txouttotal-toolarge"
    MISSING_INPUTS = "bad-txns-inputs-missingorspent"
    PREMATURE_SPEND = "bad-txns-premature-spend-of-coinbase"
    SPENDS_TOO_MUCH = "bad-txns-in-belowout"
    SCRIPT = "block-script-verify-flag-failed"


@dataclass(frozen=True, slots=True)
class Coin:
    """An unspent output: its value in satoshi and where it came from."""

    value: int
    script: bytes
    height: int
    from_coinbase: bool


@dataclass(frozen=True, slots=True)
class BlockContext:
    """What a block is judged by: its place in the chain, the node's clock, the unspent coins."""

    height: int
    previous_hash: bytes
    nbits: int
    min_time: int
    now: float
    subsidy: int
    coins: Mapping[OutPoint, Coin]


@dataclass(frozen=True, slots=True)
class CoinChanges:
    """What a block does to the unspent coins."""

    spent: frozenset[OutPoint]
    created: Mapping[OutPoint, Coin]


def check_block(block: Block, context: BlockContext) -> BlockReason | None:
    """Return why the block's form is wrong, or None; its coins are `connect`'s affair."""
    return (
        check_work(block.header)
        or _check_structure(block)
        or _check_header(block.header, context)
        or _check_coinbase_script(block, context)
        or _check_final(block, context)
        or _check_witness(block)
        or (BlockReason.WEIGHT if block_weight(block) > MAX_WEIGHT else None)
    )


def check_work(header: Header) -> BlockReason | None:
    """Return HIGH_HASH unless the hash meets the target that the header itself names."""
    try:
        target = target_from_nbits(header.nbits)
    except EncodingError:
        return BlockReason.HIGH_HASH
    return None if meets_target(header.hash(), target) else BlockReason.HIGH_HASH


def connect(block: Block, context: BlockContext) -> CoinChanges | BlockReason:
    """Return what the block spends and makes, or why its transactions are not valid."""
    view = _View(context)
    fees = 0
    for transaction in block.transactions[1:]:
        fee = view.spend(transaction)
        if isinstance(fee, BlockReason):
            return fee
        fees += fee
        view.create(transaction)
    if _total(block.transactions[0]) > context.subsidy + fees:
        return BlockReason.COINBASE_AMOUNT
    view.create(block.transactions[0])
    return CoinChanges(frozenset(view.spent), view.created)


def block_weight(block: Block) -> int:
    """Return the weight units of a block (BIP141)."""
    # The header and the count have no witness, so each of their bytes counts four times.
    whole = len(block.to_bytes())
    bodies = sum(len(each.to_bytes()) for each in block.transactions)
    return 4 * (whole - bodies) + sum(each.weight() for each in block.transactions)


class _View:
    """The coins as they are in the middle of a block."""

    def __init__(self, context: BlockContext) -> None:
        self.context = context
        self.spent: set[OutPoint] = set()
        self.created: dict[OutPoint, Coin] = {}

    def spend(self, transaction: Transaction) -> int | BlockReason:
        """Take the inputs away; return the fee, or what is wrong."""
        value = 0
        for spent in transaction.inputs:
            coin = self._take(spent.previous)
            if coin is None:
                return BlockReason.MISSING_INPUTS
            if coin.from_coinbase and self.context.height - coin.height < COINBASE_MATURITY:
                return BlockReason.PREMATURE_SPEND
            if not _satisfies(spent, coin.script):
                return BlockReason.SCRIPT
            value += coin.value
        fee = value - _total(transaction)
        return fee if fee >= 0 else BlockReason.SPENDS_TOO_MUCH

    def create(self, transaction: Transaction) -> None:
        """Add the outputs."""
        txid, height = transaction.txid(), self.context.height
        for index, output in enumerate(transaction.outputs):
            coin = Coin(output.value, output.script, height, transaction.is_coinbase)
            self.created[OutPoint(txid, index)] = coin

    def _take(self, outpoint: OutPoint) -> Coin | None:
        if outpoint in self.created:
            return self.created.pop(outpoint)
        if outpoint in self.spent:
            return None
        self.spent.add(outpoint)
        return self.context.coins.get(outpoint)


def _satisfies(spent: TxInput, script: bytes) -> bool:
    return script == OP_TRUE_SCRIPT and spent.witness == (OP_TRUE,) and not spent.script


def _total(transaction: Transaction) -> int:
    return sum(output.value for output in transaction.outputs)


def _check_structure(block: Block) -> BlockReason | None:
    if not block.transactions or not block.transactions[0].is_coinbase:
        return BlockReason.COINBASE_MISSING
    root = merkle.root([each.txid() for each in block.transactions])
    if root != block.header.merkle_root:
        return BlockReason.MERKLE_ROOT
    if any(each.is_coinbase for each in block.transactions[1:]):
        return BlockReason.COINBASE_MULTIPLE
    if not 2 <= len(block.transactions[0].inputs[0].script) <= MAX_COINBASE_SCRIPT:
        return BlockReason.COINBASE_LENGTH
    reasons = (_check_transaction(each) for each in block.transactions)
    return next((reason for reason in reasons if reason), None)


def _check_transaction(transaction: Transaction) -> BlockReason | None:
    if not transaction.inputs:
        return BlockReason.NO_INPUTS
    if not transaction.outputs:
        return BlockReason.NO_OUTPUTS
    return BlockReason.VALUE_RANGE if _total(transaction) > MAX_MONEY else None


def _check_header(header: Header, context: BlockContext) -> BlockReason | None:
    if header.previous_hash != context.previous_hash:
        return BlockReason.UNKNOWN_PREVIOUS
    if header.nbits != context.nbits:
        return BlockReason.BAD_BITS
    if header.ntime < context.min_time:
        return BlockReason.TIME_TOO_OLD
    if header.ntime > context.now + MAX_FUTURE_SECONDS:
        return BlockReason.TIME_TOO_NEW
    # The version is a signed number: with the top bit set it is below any minimum.
    if not MIN_VERSION <= header.version <= 0x7FFFFFFF:
        return BlockReason.BAD_VERSION
    return None


def _check_coinbase_script(block: Block, context: BlockContext) -> BlockReason | None:
    script = block.transactions[0].inputs[0].script
    return None if script.startswith(height_push(context.height)) else BlockReason.COINBASE_HEIGHT


def _check_final(block: Block, context: BlockContext) -> BlockReason | None:
    final = all(_is_final(each, context) for each in block.transactions)
    return None if final else BlockReason.NOT_FINAL


def _is_final(transaction: Transaction, context: BlockContext) -> bool:
    lock_time = transaction.lock_time
    # BIP113: times are compared with the median of the past, which min_time is one above.
    limit = context.height if lock_time < LOCK_TIME_THRESHOLD else context.min_time - 1
    return lock_time < limit or all(
        spent.sequence == FINAL_SEQUENCE for spent in transaction.inputs
    )


def _check_witness(block: Block) -> BlockReason | None:
    coinbase, rest = block.transactions[0], block.transactions[1:]
    commitment = _commitment(coinbase)
    if commitment is None:
        has_witness = any(each.has_witness for each in block.transactions)
        return BlockReason.UNEXPECTED_WITNESS if has_witness else None
    stack = coinbase.inputs[0].witness
    if len(stack) != 1 or len(stack[0]) != len(WITNESS_RESERVED):
        return BlockReason.WITNESS_RESERVED_SIZE
    expected = commitment_script([each.wtxid() for each in rest], stack[0])
    return None if commitment == expected else BlockReason.WITNESS_COMMITMENT


def _commitment(coinbase: Transaction) -> bytes | None:
    """Return the commitment's 38 bytes; where several outputs match, the last counts (BIP141)."""
    scripts = [output.script[:38] for output in coinbase.outputs if len(output.script) >= 38]
    found = [script for script in scripts if script.startswith(COMMITMENT_PREFIX)]
    return found[-1] if found else None
