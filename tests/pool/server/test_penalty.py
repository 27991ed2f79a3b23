from stampmill.pool.server.penalty import MOST_IN_A_ROW, Penalty, PenaltyLadder

from .rig import Rig


def test_ladder_has_each_rung_once() -> None:
    ladder = PenaltyLadder()
    told = {second: ladder.bad(second) for second in range(0, 200, 10)}
    assert {second: penalty for second, penalty in told.items() if penalty is not Penalty.NONE} == {
        60: Penalty.REMIND,
        120: Penalty.RECONNECT,
        180: Penalty.DROP,
        190: Penalty.DROP,
    }


def test_one_good_share_forgives_everything() -> None:
    ladder = PenaltyLadder()
    assert ladder.bad(0) is Penalty.NONE
    assert ladder.bad(100) is Penalty.REMIND
    ladder.good()
    assert [ladder.bad(second) for second in (110, 160)] == [Penalty.NONE] * 2
    assert ladder.bad(170) is Penalty.REMIND


def test_ladder_that_was_slept_through_starts_with_help() -> None:
    ladder = PenaltyLadder()
    ladder.bad(0)
    assert [ladder.bad(130), ladder.bad(131)] == [Penalty.REMIND, Penalty.RECONNECT]


def test_flood_is_dropped_at_once() -> None:
    ladder = PenaltyLadder()
    told = [ladder.bad(0.0) for _ in range(MOST_IN_A_ROW)]
    assert told == [Penalty.NONE] * (MOST_IN_A_ROW - 1) + [Penalty.DROP]


def test_late_shares_are_nobodys_fault_but_not_without_end() -> None:
    ladder = PenaltyLadder()
    told = [ladder.late() for _ in range(MOST_IN_A_ROW)]
    assert told == [Penalty.NONE] * (MOST_IN_A_ROW - 1) + [Penalty.DROP]


def test_miner_with_nothing_but_invalid_shares_is_helped_then_dropped() -> None:
    rig = Rig(fixed_difficulty=1e-7)
    miner = rig.login()
    for _ in range(19):
        bad = next(miner.job.shares(difficulty=1e-10, below=0.9e-7))
        assert miner.submit(bad) == "23 Low difficulty share"
        rig.pass_time(10)
    last = [line for line in miner.wire.lines if "method" in line]
    assert [line["method"] for line in last] == [
        "mining.set_difficulty",
        "mining.notify",
        "mining.set_difficulty",
        "mining.notify",
        "client.reconnect",
        "client.show_message",
    ]
    assert miner.jobs()[1].clean
    assert last[4]["params"] == []
    assert miner.wire.closed
    rig.core.disconnect(miner.session)
    assert rig.core.snapshot().closed == {"invalid-shares": 1}


def test_reminded_miner_that_finds_its_way_stays() -> None:
    rig = Rig(fixed_difficulty=1e-7)
    miner = rig.login()
    bad = miner.job.shares(difficulty=1e-10, below=0.9e-7)
    miner.submit(next(bad))
    rig.pass_time(60)
    miner.submit(next(bad))
    miner.mine()
    rig.pass_time(200)
    miner.mine()
    assert not miner.wire.closed


def test_rubbish_without_end_is_dropped() -> None:
    rig = Rig()
    miner = rig.login()
    miner.send(b"rubbish\n" * 2000)
    assert miner.wire.closed
    assert rig.core.counters.dropped.total() == MOST_IN_A_ROW


def test_unknown_methods_without_end_are_dropped() -> None:
    rig = Rig()
    miner = rig.connect()
    miner.send(b'{"id":1,"method":"who.knows"}\n' * 2000)
    assert miner.wire.closed
    assert len(miner.wire.lines) == MOST_IN_A_ROW + 1
