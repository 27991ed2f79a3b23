"""A regtest chain in memory: one tip, no reorganisations, templates out and blocks in."""

from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Protocol

from stampmill.core.chain import merkle
from stampmill.core.chain.header import Header
from stampmill.core.chain.sha256d import sha256d
from stampmill.core.errors import EncodingError
from stampmill.pool.node import regtest
from stampmill.pool.node.block import Block, assemble
from stampmill.pool.node.script import OP_TRUE_SCRIPT, commitment_script
from stampmill.pool.node.template import (
    BlockTemplate,
    CoinbaseLayout,
    TemplateTransaction,
    coinbase_parts,
)
from stampmill.pool.node.traffic import Traffic
from stampmill.pool.node.transaction import OutPoint
from stampmill.pool.node.validation import (
    BlockContext,
    BlockReason,
    Coin,
    check_block,
    check_work,
    connect,
)

PREMINED = 105
"""Enough for five coinbases to be mature (after 100 blocks) in the first template."""

PREMINED_SPACING = 60
"""Seconds between pre-mined blocks: their median stays behind the wall clock."""

MEDIAN_SPAN = 11
HASHES_KEPT = 2016
"""Blocks that are still told from unknown ones; all that a chain without reorganisations needs."""


class Node(Protocol):
    """What a pool needs of a node."""

    @property
    def height(self) -> int:
        """Height of the tip."""

    def template(self) -> BlockTemplate:
        """Return what the next block may hold."""

    def submit(self, raw: bytes) -> BlockReason | None:
        """Take a block; return None if it is the new tip, else why not."""


class RegtestChain:
    """Bitcoin's regression-test chain from its genesis on.

    `clock` gives seconds since 1970. Every accepted block goes to `on_block`, genesis excepted;
    the chain itself forgets all but the unspent coins and the latest headers' hashes.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        random: Random,
        *,
        premined: int = PREMINED,
        transactions: int = 5,
        on_block: Callable[[bytes], None] | None = None,
    ) -> None:
        self._clock = clock
        self._traffic = Traffic(transactions, random)
        self._on_block = on_block
        self._coins: dict[OutPoint, Coin] = {}
        self._times = deque([regtest.GENESIS.ntime], maxlen=MEDIAN_SPAN)
        self._hashes = OrderedDict([(regtest.GENESIS.hash(), 0)])
        self._next_transactions: tuple[TemplateTransaction, ...] = ()
        self.height = 0
        self.tip = regtest.GENESIS
        self._premine(premined)

    @property
    def coins(self) -> int:
        """How many unspent coins the chain keeps."""
        return len(self._coins)

    @property
    def min_time(self) -> int:
        """The earliest time of the next block: one above the median of the last eleven."""
        # Core takes the element at half the count: of an even count the upper one, and only the
        # first ten blocks see an even count.
        times = sorted(self._times)
        return times[len(times) // 2] + 1

    def template(self) -> BlockTemplate:
        """Return the next block's template; its transactions stay the same until the next tip."""
        return self._template(max(self.min_time, int(self._clock())))

    def submit(self, raw: bytes) -> BlockReason | None:
        """Take a block; return None if it is the new tip, else why not."""
        try:
            block = Block.from_bytes(raw)
        except EncodingError:
            return BlockReason.DECODE
        return self._unusual(block.header) or self._extend(block, raw, self._clock())

    def _unusual(self, header: Header) -> BlockReason | None:
        if header.hash() in self._hashes:
            return BlockReason.DUPLICATE
        if header.previous_hash != self.tip.hash() and header.previous_hash in self._hashes:
            return BlockReason.INCONCLUSIVE
        return None

    def _extend(self, block: Block, raw: bytes, now: float) -> BlockReason | None:
        context = self._context(now)
        reason = check_block(block, context)
        if reason is not None:
            return reason
        changes = connect(block, context)
        if isinstance(changes, BlockReason):
            return changes
        for outpoint in changes.spent:
            del self._coins[outpoint]
        # Nobody here can spend a coin under another script, so keeping it would only cost memory.
        self._coins.update(
            (outpoint, coin)
            for outpoint, coin in changes.created.items()
            if coin.script == OP_TRUE_SCRIPT
        )
        self._advance(block.header)
        if self._on_block is not None:
            self._on_block(raw)
        return None

    def _advance(self, header: Header) -> None:
        self.tip = header
        self.height += 1
        self._times.append(header.ntime)
        self._hashes[header.hash()] = self.height
        if len(self._hashes) > HASHES_KEPT:
            self._hashes.popitem(last=False)
        self._next_transactions = self._traffic.transactions(self._coins, self.height + 1)

    def _context(self, now: float) -> BlockContext:
        return BlockContext(
            height=self.height + 1,
            previous_hash=self.tip.hash(),
            nbits=regtest.NBITS,
            min_time=self.min_time,
            now=now,
            subsidy=regtest.subsidy(self.height + 1),
            coins=self._coins,
        )

    def _template(self, ntime: int) -> BlockTemplate:
        transactions = self._next_transactions
        height = self.height + 1
        return BlockTemplate(
            height=height,
            previous_hash=self.tip.hash(),
            version=regtest.BLOCK_VERSION,
            nbits=regtest.NBITS,
            network_target=regtest.NETWORK_TARGET,
            current_time=ntime,
            min_time=self.min_time,
            coinbase_value=regtest.subsidy(height) + sum(each.fee for each in transactions),
            transactions=transactions,
            commitment=commitment_script([each.wtxid for each in transactions]),
        )

    def _premine(self, count: int) -> None:
        """Mine blocks that lie in the past, the last one a spacing ago."""
        first = max(int(self._clock()) - count * PREMINED_SPACING, regtest.GENESIS.ntime + 1)
        for number in range(count):
            ntime = first + number * PREMINED_SPACING
            raw = mine(self._template(ntime))
            reason = self._extend(Block.from_bytes(raw), raw, ntime)
            if reason is not None:
                raise EncodingError(f"pre-mined block {self.height + 1}: {reason.value}")


def mine(template: BlockTemplate, layout: CoinbaseLayout | None = None) -> bytes:
    """Return a solved block of a template by trying nonces in turn: about two on regtest."""
    layout = layout or CoinbaseLayout(extranonce_size=8)
    before, after = coinbase_parts(template, layout)
    coinbase = before + bytes(layout.extranonce_size) + after
    root = merkle.root_from_branch(sha256d(coinbase), template.merkle_branch)
    header = Header(
        template.version, template.previous_hash, root, template.current_time, template.nbits
    )
    nonce = 0
    while check_work(replace(header, nonce=nonce)) is not None:
        nonce += 1
    return assemble(replace(header, nonce=nonce).to_bytes(), coinbase, template.transactions)
