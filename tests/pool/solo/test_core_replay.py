"""Bitcoin Core's own code judges blocks of every shape that mining alone can give them."""

from pathlib import Path
from typing import Any

import pytest

from stampmill.core.job import Verdict
from stampmill.core.work import ExtranonceCounter
from stampmill.pool.node.block import Block
from stampmill.pool.payout.address import read_address
from tests.integration.judge import replay
from tests.pool.loopback import in_loop

from .nodes import ADDRESS, Node, mining, solve

pytestmark = pytest.mark.integration

ADDRESSES = (
    "mkHS9ne12qx9pS9VojpwU5xtRd4T7X7ZUt",
    "2MzQwSSnBHWHqSAqtTVQ6v47XtaisrJa1Vc",
    ADDRESS,
    "bcrt1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qzf4jry",
    "bcrt1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqc8gma6",
)
SHAPES: tuple[dict[str, Any], ...] = (
    {},
    {"weightlimit": 2500},  # room for some of the transactions
    {"weightlimit": 1200},  # and for none
    {"coinbaseaux": {"flags": "062f503253482f", "other": "51"}},
    {"vbavailable": {"testdummy": 28}},
)


@in_loop
async def test_every_address_and_every_shape_of_block(tmp_path: Path) -> None:
    node, extranonces = Node(), ExtranonceCounter()
    counts = set()
    for address, shape in zip(ADDRESSES, SHAPES, strict=True):
        node.template_changes = dict(shape)
        async with mining(tmp_path, node, address=address, signature=b"/me/") as solo:
            for number in (1, 2):
                job = await solo.listener.job(number)
                solo.source.submit(solve(job, extranonces))
                assert await solo.listener.verdict(number) is Verdict.ACCEPTED
        block = Block.from_bytes(node.submitted[-1])
        assert block.transactions[0].outputs[0].script == read_address(address).script
        counts.add(len(block.transactions))
    assert len(counts) == 3
    assert replay(node.blocks, tmp_path / "core") == len(node.blocks) == 105 + 10
