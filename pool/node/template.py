"""What a node says about the next block, and the coinbase made of it."""

from dataclasses import dataclass, field

from stampmill.core.chain import merkle
from stampmill.core.chain.coinbase import height_push
from stampmill.core.errors import EncodingError
from stampmill.pool.node.script import OP_TRUE_SCRIPT, WITNESS_RESERVED, push
from stampmill.pool.node.transaction import (
    COINBASE_OUTPOINT,
    FINAL_SEQUENCE,
    SEGWIT_MARKER,
    TxOutput,
)
from stampmill.pool.node.wire import compact_size, sized

MAX_COINBASE_SCRIPT = 100
"""Consensus: a longer one is bad-cb-length."""


@dataclass(frozen=True, slots=True)
class TemplateTransaction:
    """A transaction ready for the block: its full bytes, and both ids in internal byte order.

    Sigops and weight are as the node counts them, 0 where nobody asked.
    """

    data: bytes
    txid: bytes
    wtxid: bytes
    fee: int
    sigops: int = 0
    weight: int = 0


@dataclass(frozen=True, slots=True)
class BlockTemplate:
    """Everything about the next block but its coinbase and its nonce.

    The previous hash is in header order, values are satoshi, times are seconds since 1970.
    `commitment` is the whole output script of the witness commitment, None before segwit.
    """

    height: int
    previous_hash: bytes
    version: int
    nbits: int
    network_target: int
    current_time: int
    min_time: int
    coinbase_value: int
    transactions: tuple[TemplateTransaction, ...]
    commitment: bytes | None
    coinbase_aux: bytes = b""
    merkle_branch: tuple[bytes, ...] = field(init=False)
    """From the coinbase's txid to the merkle root."""

    def __post_init__(self) -> None:
        branch = merkle.branch_of_first([each.txid for each in self.transactions])
        object.__setattr__(self, "merkle_branch", branch)


@dataclass(frozen=True, slots=True)
class CoinbaseLayout:
    """The miner's free choices in a coinbase: who is paid, and which bytes the script holds."""

    extranonce_size: int
    payout_script: bytes = OP_TRUE_SCRIPT
    unique: bytes = b""
    """Pushed in front of the extranonces: tells two coinbases of one template apart."""
    tag: bytes = b""
    """Pushed behind the extranonces."""


def coinbase_parts(template: BlockTemplate, layout: CoinbaseLayout) -> tuple[bytes, bytes]:
    """Return what stands before and behind the extranonces, in the form without witness.

    Raise EncodingError if the script would be too long.
    """
    # Free bytes go behind a push, since bytes that look like CHECKSIG would count as sigops.
    head = height_push(template.height) + template.coinbase_aux
    head += push(layout.unique) if layout.unique else b""
    head += bytes([layout.extranonce_size])
    tail = push(layout.tag) if layout.tag else b""
    size = len(head) + layout.extranonce_size + len(tail)
    if size > MAX_COINBASE_SCRIPT:
        raise EncodingError(f"a coinbase script holds {MAX_COINBASE_SCRIPT} bytes, not {size}")
    before = _VERSION + _ONE_INPUT + compact_size(size) + head
    return before, tail + _SEQUENCE + _outputs(template, layout.payout_script) + _LOCK_TIME


def coinbase_with_witness(coinbase: bytes) -> bytes:
    """Return the form that stands in a block: with the witness that BIP141 wants."""
    witness = b"\x01" + sized(WITNESS_RESERVED)
    return coinbase[:4] + SEGWIT_MARKER + coinbase[4:-4] + witness + coinbase[-4:]


_VERSION = (2).to_bytes(4, "little")
_ONE_INPUT = b"\x01" + COINBASE_OUTPOINT.to_bytes()
_SEQUENCE = FINAL_SEQUENCE.to_bytes(4, "little")
_LOCK_TIME = bytes(4)


def _outputs(template: BlockTemplate, payout_script: bytes) -> bytes:
    outputs = [TxOutput(template.coinbase_value, payout_script)]
    if template.commitment is not None:
        outputs.append(TxOutput(0, template.commitment))
    return compact_size(len(outputs)) + b"".join(output.to_bytes() for output in outputs)
