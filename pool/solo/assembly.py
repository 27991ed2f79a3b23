"""From a node's template to a job, and from a share of the job to a whole block."""

from dataclasses import dataclass, replace

from stampmill.core.chain import merkle
from stampmill.core.chain.header import Header
from stampmill.core.chain.sha256d import sha256d
from stampmill.core.chain.target import (
    DIFFICULTY_1_TARGET,
    Difficulty,
    difficulty_of_target,
    target_from_difficulty,
)
from stampmill.core.errors import UsageError
from stampmill.core.job import Job, Share, ShareSink
from stampmill.pool.node.block import assemble
from stampmill.pool.node.rpc_template import NodeTemplate
from stampmill.pool.node.template import (
    MAX_COINBASE_SCRIPT,
    CoinbaseLayout,
    coinbase_parts,
)
from stampmill.pool.solo.limits import fit

EXTRANONCE1_SIZE = 8
"""Random in each run: two miners at one node never search the same coinbase."""
EXTRANONCE2_SIZE = 8

MAX_SIGNATURE = 40
"""Bytes of text in the coinbase; what is left holds the height and what the node adds."""
_MAX_HEIGHT_PUSH = 5

TEST_CHAIN_DIFFICULTY = 1e-3
"""Some 4,000,000 hashes. On regtest every second hash is a block: nobody wants that many."""


@dataclass(frozen=True, slots=True)
class CoinbasePlan:
    """What the miner puts into its coinbases: who is paid, its text, its own extranonce1."""

    payout_script: bytes
    extranonce1: bytes
    signature: bytes = b""

    def layout(self) -> CoinbaseLayout:
        """Return it as the free choices of a coinbase."""
        size = len(self.extranonce1) + EXTRANONCE2_SIZE
        return CoinbaseLayout(size, self.payout_script, tag=self.signature)


@dataclass(frozen=True, slots=True)
class Assembly:
    """A template with its coinbase: everything of a block but the miner's choices."""

    template: NodeTemplate
    plan: CoinbasePlan
    coinbase1: bytes
    coinbase2: bytes

    def job(
        self,
        job_id: str,
        *,
        clean: bool,
        received_at: float,
        sink: ShareSink,
        version_mask: int,
        test_difficulty: Difficulty = TEST_CHAIN_DIFFICULTY,
    ) -> Job:
        """Return the job; its shares are blocks.

        `version_mask` is what the miner would roll at most. On chains whose blocks are easier
        than difficulty 1 only those that meet `test_difficulty` are asked for.
        """
        block = self.template.block
        share_target = _share_target(block.network_target, test_difficulty)
        return Job(
            id=job_id,
            previous_hash=block.previous_hash,
            coinbase1=self.coinbase1,
            coinbase2=self.coinbase2,
            extranonce1=self.plan.extranonce1,
            extranonce2_size=EXTRANONCE2_SIZE,
            merkle_branch=block.merkle_branch,
            version=block.version,
            version_mask=version_mask & ~block.version & ~self.template.kept_bits,
            nbits=block.nbits,
            ntime=block.current_time,
            clean=clean,
            difficulty=difficulty_of_target(share_target),
            share_target=share_target,
            network_target=block.network_target,
            received_at=received_at,
            sink=sink,
        )

    def block(self, share: Share) -> bytes:
        """Return the bytes of the block that a share of our job solves."""
        nonce = share.nonce
        header = nonce.work.header(nonce.nonce, nonce.version, nonce.ntime).to_bytes()
        coinbase = self._coinbase(nonce.work.extranonce2)
        return self._whole(header, coinbase)

    def proposal(self) -> bytes:
        """Return the block as it would be but for its work: for the node to judge (BIP23)."""
        block = self.template.block
        coinbase = self._coinbase(bytes(EXTRANONCE2_SIZE))
        header = Header(
            block.version,
            block.previous_hash,
            merkle.root_from_branch(sha256d(coinbase), block.merkle_branch),
            block.current_time,
            block.nbits,
        )
        return self._whole(header.to_bytes(), coinbase)

    def _coinbase(self, extranonce2: bytes) -> bytes:
        return self.coinbase1 + self.plan.extranonce1 + extranonce2 + self.coinbase2

    def _whole(self, header: bytes, coinbase: bytes) -> bytes:
        block = self.template.block
        witness = block.commitment is not None
        return assemble(header, coinbase, block.transactions, witness=witness)


def prepare(template: NodeTemplate, plan: CoinbasePlan) -> Assembly:
    """Return the template with its coinbase, inside all limits; raise TemplateError."""
    template = _with_room(template, plan)
    before, after = coinbase_parts(template.block, plan.layout())
    space = bytes(len(plan.extranonce1) + EXTRANONCE2_SIZE)
    fitted = fit(template, before + space + after)
    if fitted is not template:
        # The value has changed with the fees, and the commitment with the list.
        before, after = coinbase_parts(fitted.block, plan.layout())
    return Assembly(fitted, plan, before, after)


def check_signature(text: str) -> bytes:
    """Return the bytes of a coinbase text; raise UsageError if it is too long."""
    data = text.encode("utf-8", "replace")
    if len(data) > MAX_SIGNATURE:
        raise UsageError(f"--coinbase-sig takes {MAX_SIGNATURE} bytes, not {len(data)}: {text!r}")
    return data


def _share_target(network_target: int, test_difficulty: Difficulty) -> int:
    if network_target <= DIFFICULTY_1_TARGET:
        return network_target
    return min(network_target, target_from_difficulty(test_difficulty))


def _with_room(template: NodeTemplate, plan: CoinbasePlan) -> NodeTemplate:
    """Leave out what the node would like to see in the coinbase where there is no room for it."""
    fixed = _MAX_HEIGHT_PUSH + 1 + len(plan.extranonce1) + EXTRANONCE2_SIZE
    fixed += 1 + len(plan.signature) if plan.signature else 0
    if fixed + len(template.block.coinbase_aux) <= MAX_COINBASE_SCRIPT:
        return template
    return replace(template, block=replace(template.block, coinbase_aux=b""))
