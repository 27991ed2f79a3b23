"""Bitcoin Core's own validation code judges the chain: every block accepted, every forgery not."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from stampmill.pool.node.block import Block
from stampmill.pool.node.chain import mine
from stampmill.pool.node.script import COMMITMENT_PREFIX

from .vectors import Forge, solved
from .worlds import Clock, grow, new_chain

pytestmark = pytest.mark.integration

pbk = pytest.importorskip("pbk", reason="py-bitcoinkernel is not installed: run `make peers`")


class Judge:
    """A node's chain state in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._chainstate = pbk.load_chainman(folder, pbk.ChainType.REGTEST)

    @property
    def height(self) -> int:
        height: int = self._chainstate.get_active_chain().height
        return height

    def accepts(self, raw: bytes) -> bool:
        before = self.height
        try:
            self._chainstate.process_block(pbk.Block(raw))
        except (pbk.ProcessBlockException, RuntimeError):
            return False
        return self.height == before + 1


def test_whole_chain_with_every_mined_block_is_accepted(tmp_path: Path) -> None:
    blocks: list[bytes] = []
    clock = Clock()
    chain = new_chain(clock, on_block=blocks.append)
    grow(chain, clock, 250)  # across two halvings
    judge = Judge(tmp_path)
    assert all(judge.accepts(raw) for raw in blocks)
    assert judge.height == chain.height == len(blocks) == 355


def test_blocks_in_the_same_second_are_accepted(tmp_path: Path) -> None:
    blocks: list[bytes] = []
    clock = Clock()
    chain = new_chain(clock, on_block=blocks.append)
    grow(chain, clock, 40, spacing=0)
    judge = Judge(tmp_path)
    assert all(judge.accepts(raw) for raw in blocks)
    assert chain.tip.ntime > clock.now


def test_rolled_version_bits_and_time_are_accepted(tmp_path: Path) -> None:
    blocks: list[bytes] = []
    chain = new_chain(on_block=blocks.append)
    forge = Forge(Block.from_bytes(mine(chain.template())))
    rolled = forge.with_header(version=0x20000000 | 0x1FFFE000, ntime=chain.tip.ntime + 600)
    assert chain.submit(rolled.to_bytes()) is None
    judge = Judge(tmp_path)
    assert all(judge.accepts(raw) for raw in blocks)


FORGERIES: dict[str, Callable[[Forge], Block]] = {
    "hash above target": lambda forge: Block(
        solved(forge.block.header, wrong=True), forge.block.transactions
    ),
    "wrong merkle root": lambda forge: forge.with_header(merkle_root=bytes(32)),
    "unknown previous block": lambda forge: forge.with_header(previous_hash=bytes(range(32))),
    "wrong nBits": lambda forge: forge.with_header(nbits=0x207FFFFE),
    "old version": lambda forge: forge.with_header(version=3),
    "negative version": lambda forge: forge.with_header(version=0x80000004),
    "far too early": lambda forge: forge.with_header(ntime=1296688603),
    "far too late": lambda forge: forge.with_header(ntime=0xFFFFFFFF),
    "one satoshi too much": lambda forge: forge.coinbase_values(
        forge.coinbase.outputs[0].value + 1, 0
    ),
    "wrong height": lambda forge: forge.coinbase_script(b"\x01\x6b\x08" + bytes(8)),
    "no commitment": lambda forge: forge.commitment(None),
    "wrong commitment": lambda forge: forge.commitment(COMMITMENT_PREFIX + bytes(32)),
    "long coinbase script": lambda forge: forge.coinbase_script(b"\x01\x6a" + bytes(99)),
    "transaction left out": lambda forge: forge.with_transactions(*forge.block.transactions[:-1]),
    "coinbase without witness": lambda forge: forge.with_coinbase(
        replace(forge.coinbase, inputs=(replace(forge.coinbase.inputs[0], witness=()),))
    ),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_both_judges_refuse_a_forgery_and_take_the_real_block(tmp_path: Path, name: str) -> None:
    blocks: list[bytes] = []
    chain = new_chain(on_block=blocks.append)
    judge = Judge(tmp_path)
    assert all(judge.accepts(raw) for raw in blocks)
    real = mine(chain.template())
    forged = FORGERIES[name](Forge(Block.from_bytes(real))).to_bytes()
    assert chain.submit(forged) is not None
    assert not judge.accepts(forged)
    assert chain.submit(real) is None
    assert judge.accepts(real)
