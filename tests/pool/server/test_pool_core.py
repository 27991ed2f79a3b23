"""What concerns all connections: jobs for everyone, blocks, counters."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from stampmill.core.chain.target import target_from_nbits
from stampmill.pool.node.block import Block
from stampmill.pool.node.template import BlockTemplate
from stampmill.pool.node.validation import BlockReason

from .rig import EASY, START, Clocks, Rig


def methods(lines: Sequence[dict[str, object]]) -> list[object]:
    return [line.get("method", "answer") for line in lines]


def test_every_tenth_share_becomes_a_block_that_the_chain_takes() -> None:
    rig = Rig(block_every=10)
    miner = rig.login()
    start = rig.chain.height
    miner.mine(9)
    assert rig.chain.height == start
    miner.mine(1)
    assert rig.chain.height == start + 1
    rig.clocks.advance(10)
    miner.mine(20)
    shot = rig.core.snapshot()
    assert (shot.height, shot.blocks, shot.accepted) == (start + 2, 2, 30)
    assert shot.blocks_put_off > 0
    rig.clocks.advance(1)
    miner.mine(1)
    assert rig.core.snapshot().blocks == 3


def test_block_holds_the_transactions_and_the_miners_own_coinbase() -> None:
    rig = Rig(block_every=1)
    miner = rig.login(mask="1fffe000")
    share = next(miner.job.shares(extranonce2="deadbeef", bits="00ace000"))
    assert miner.submit(share) == "ok"
    block = Block.from_bytes(rig.blocks[-1])
    assert len(block.transactions) == 6
    assert block.header.version == 0x20ACE000
    assert bytes.fromhex(miner.extranonce1 + "deadbeef") in block.transactions[0].inputs[0].script
    assert rig.chain.tip == block.header


def test_block_is_answered_first_then_everyone_gets_a_clean_job() -> None:
    rig = Rig(block_every=1)
    finder, other = rig.login(), rig.login()
    stranger = rig.connect()
    share = next(finder.job.shares())
    for miner in (finder, other):
        miner.wire.lines.clear()
    assert finder.submit(share) == "ok"
    assert methods(finder.wire.lines) == ["answer", "mining.notify"]
    assert methods(other.wire.lines) == ["mining.notify"]
    assert finder.job.clean
    assert finder.job.params == other.job.params
    assert stranger.wire.lines == []
    assert "block" in rig.told()


def test_refused_block_is_counted_and_the_share_still_good() -> None:
    rig = Rig(block_every=1)
    miner = rig.login()
    rig.clocks.wall -= 8000
    assert miner.submit(next(miner.job.shares())) == "ok"
    shot = rig.core.snapshot()
    assert (shot.accepted, shot.blocks) == (1, 0)
    assert shot.blocks_refused == {"time-too-new": 1}
    assert rig.told()[-1] == "block-refused"
    assert len(miner.jobs()) == 1


def test_periodic_job_is_fresher_and_kills_nothing() -> None:
    rig = Rig()
    miner = rig.login()
    rig.clocks.advance(30)
    rig.core.periodic_job(rig.now())
    first, second = miner.jobs()
    assert not second.clean
    assert int(second.ntime, 16) - int(first.ntime, 16) == 30
    assert first.params[1] == second.params[1]


def test_every_job_may_be_clean() -> None:
    rig = Rig(clean_every_job=True)
    miner = rig.login()
    rig.core.periodic_job(rig.now())
    assert [job.clean for job in miner.jobs()] == [True, True]


def test_difficulty_is_told_only_when_it_changes() -> None:
    rig = Rig()
    miner = rig.login()
    for _ in range(3):
        rig.core.periodic_job(rig.now())
    assert miner.calls("mining.set_difficulty") == [[EASY]]
    assert len(miner.jobs()) == 4


def test_fast_miner_gets_harder_jobs_at_once() -> None:
    rig = Rig(fixed_difficulty=None, start_difficulty=EASY, lowest_difficulty=EASY)
    miner = rig.login()
    miner.mine(6)
    assert miner.job.difficulty == pytest.approx(16 * EASY)
    assert not miner.job.clean
    assert methods(miner.wire.lines[-2:]) == ["mining.set_difficulty", "mining.notify"]
    assert rig.told()[-1] == "difficulty"


def test_change_of_difficulty_and_block_together_make_one_job() -> None:
    rig = Rig(fixed_difficulty=None, start_difficulty=EASY, lowest_difficulty=EASY, block_every=6)
    miner = rig.login()
    miner.mine(5)
    rig.clocks.advance(2.5)
    shares = len(miner.jobs())
    assert (shares, rig.chain.height) == (1, 101)
    miner.mine(1)
    assert len(miner.jobs()) == 2
    assert miner.job.clean
    assert miner.job.difficulty > EASY
    assert rig.core.counters.difficulty_changes == 1


def test_flood_of_a_new_miners_first_shares_is_not_cut_by_a_block() -> None:
    rig = Rig(fixed_difficulty=None, start_difficulty=EASY, lowest_difficulty=EASY, block_every=3)
    miner = rig.login()
    flood = miner.job
    for number in range(20):
        share = next(flood.shares(extranonce2=f"{number:08x}"))
        assert miner.submit(share) == "ok"
    assert rig.core.snapshot().blocks == 0
    rig.clocks.advance(2.5)
    miner.mine(1)
    assert rig.core.snapshot().blocks == 1


def test_job_statistics() -> None:
    rig = Rig()
    miners = [rig.login(), rig.login()]
    old = miners[0].job
    rig.clocks.advance(0.25)
    assert miners[1].submit(next(old.shares(extranonce2="00000001"))) != "ok"  # not its extranonce1
    miners[0].mine(2)
    rig.core.block_made(rig.now())
    assert miners[0].submit(next(old.shares(extranonce2="00000002"))) == "21 Stale"
    first, second = rig.core.jobs.all()
    assert (first.connections, first.accepted, first.rejected, first.late) == (2, 2, 2, 1)
    assert first.first_share_at == first.sent_at + 0.25
    assert (second.connections, second.accepted, second.first_share_at) == (2, 0, None)
    shot = rig.core.snapshot()
    assert (shot.jobs, shot.clean_jobs, shot.connections, shot.connections_total) == (2, 2, 2, 2)


def test_memory_of_jobs_is_bounded() -> None:
    rig = Rig()
    rig.core.jobs._limit = 10
    for _ in range(50):
        rig.core.periodic_job(rig.now())
    assert len(rig.core.jobs.all()) == 10
    assert rig.core.jobs.get("1") is None


class RealNetwork:
    """A node whose network difficulty is above 1: it never sees a block here."""

    def __init__(self, clocks: Clocks, nbits: int = 0x1C2AC4AF) -> None:
        self.height = 7
        self.previous_hash = bytes(32)
        self.submitted: list[bytes] = []
        self._clocks = clocks
        self._nbits = nbits

    def template(self) -> BlockTemplate:
        now = int(self._clocks.wall)
        return BlockTemplate(
            height=self.height + 1,
            previous_hash=self.previous_hash,
            version=0x20000000,
            nbits=self._nbits,
            network_target=target_from_nbits(self._nbits),
            current_time=now,
            min_time=now,
            coinbase_value=5_000_000_000,
            transactions=(),
            commitment=None,
        )

    def submit(self, raw: bytes) -> BlockReason | None:
        self.submitted.append(raw)
        return None


def test_on_a_real_network_shares_are_no_blocks_and_difficulty_stops_at_its_own() -> None:
    clocks = Clocks()
    node = RealNetwork(clocks)
    rig = Rig(
        node, fixed_difficulty=None, start_difficulty=EASY, lowest_difficulty=EASY, block_every=1
    )
    miner = rig.login()
    miner.mine(3)
    assert node.submitted == []
    miner.ask("mining.suggest_difficulty", [1e9])
    # 1c2ac4af is target 2ac4af * 2**200, so the difficulty is ffff00 / 2ac4af.
    assert miner.job.difficulty == pytest.approx(0xFFFF00 / 0x2AC4AF)


def test_new_tip_of_the_node_makes_the_next_job_clean() -> None:
    rig = Rig(node := RealNetwork(Clocks()))
    miner = rig.login()
    rig.core.periodic_job(rig.now())
    node.previous_hash = b"\x01" * 32
    rig.core.periodic_job(rig.now())
    rig.core.periodic_job(rig.now())
    assert [job.clean for job in miner.jobs()] == [True, False, True, False]


@pytest.mark.integration
def test_chain_that_miners_made_is_accepted_by_cores_own_code(tmp_path: Path) -> None:
    pbk = pytest.importorskip("pbk", reason="py-bitcoinkernel is not installed: run `make peers`")
    rig = Rig(block_every=1, block_pause=0)
    plain, rolling = rig.login(), rig.login(mask="1fffe000")
    for number in range(30):
        rig.clocks.advance(3)
        assert plain.submit(next(plain.job.shares(extranonce2=f"{number:08x}"))) == "ok"
        later = f"{int(rolling.job.ntime, 16) + 60:08x}"
        assert rolling.submit(next(rolling.job.shares(bits="01234000", ntime=later))) == "ok"
    judge = pbk.load_chainman(tmp_path, pbk.ChainType.REGTEST)
    assert all(judge.process_block(pbk.Block(raw)) for raw in rig.blocks)
    assert judge.get_active_chain().height == rig.chain.height == 161
    assert rig.clocks.wall < START + 100


def test_a_job_knows_when_the_last_of_its_miners_was_written_to() -> None:
    rig = Rig()
    rig.login()
    rig.core.periodic_job(rig.now())
    first, broadcast = rig.core.jobs.all()
    assert first.written_at is None
    assert broadcast.written_at == broadcast.sent_at == rig.now()
