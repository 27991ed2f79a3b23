"""Our client at our server, whatever the two are set to; and our server at any client."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from stampmill.core.job import Verdict
from stampmill.pool.node.chain import Node
from stampmill.pool.node.template import BlockTemplate
from stampmill.pool.node.validation import BlockReason
from tests.pool.stratum.test_any_input import lines

from .chaos.world import PLAN, World
from .rig import Rig

masks = st.integers(0, 0x1FFFFFFF) | st.sampled_from([0, 0x1FFFE000, 0x1FFFFFE0])
RIG = Rig(shares_kept=1000)


@settings(max_examples=20, deadline=None)
@given(
    sizes=st.tuples(st.integers(1, 32), st.integers(0, 16)),
    version=st.sampled_from([0x20000000, 0x30000000, 0x20006000, 0x3FFFE004]),
    allowed=masks,
    asked=masks,
    send_difference=st.booleans(),
)
def test_whatever_is_agreed_every_share_is_accepted(
    sizes: tuple[int, int], version: int, allowed: int, asked: int, send_difference: bool
) -> None:
    plan = replace(PLAN, version_mask=asked, send_difference=send_difference)
    world = World(
        plan=plan, extranonce1_size=sizes[0], extranonce2_size=sizes[1], version_mask=allowed
    )
    give_version(world.rig, version)
    world.live(20).stop()
    assert world.submitted > 30
    assert world.results == {Verdict.ACCEPTED: world.submitted}


def give_version(rig: Rig, version: int) -> None:
    """Let templates signal on these bits from the next job on."""
    rig.core.node = Versioned(rig.core.node, version)
    rig.core.block_made(rig.now())


class Versioned:
    """A node whose templates have another version, and which is given no block."""

    def __init__(self, node: Node, version: int) -> None:
        self._node = node
        self._version = version

    @property
    def height(self) -> int:
        return self._node.height

    def template(self) -> BlockTemplate:
        return replace(self._node.template(), version=self._version)

    def submit(self, raw: bytes) -> BlockReason | None:
        raise AssertionError("no block was asked for")


@settings(deadline=None)
@given(lines)
def test_a_session_takes_anything_and_answers_what_has_an_id(data: bytes) -> None:
    miner = RIG.login()
    before = len(miner.wire.lines)
    miner.send(data)
    assert len(miner.wire.lines) - before <= 3 * data.count(b"\n") + 3
    RIG.core.disconnect(miner.session)
    assert RIG.core.sessions() == ()
