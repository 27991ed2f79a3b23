"""Shares that do not come, and shares that are not taken."""

import math
import random
from dataclasses import replace

from stampmill.core.operate.alerts.shares import NoAcceptedShare, RejectedShares
from stampmill.core.snapshot import AlertKind, PolicyAction, PolicySnapshot
from tests.core.operate.alerts.runs import RATE, Run, board, texts
from tests.core.operate.cgminer.questions import world
from tests.core.snapshots import JOB


def test_ten_expected_shares_without_one_are_told() -> None:
    run = Run(NoAcceptedShare())
    slowly = RATE / 30  # a share in 30 s
    assert not run.goes(299, slowly)
    (said,) = run.goes(3, slowly)
    assert (said.kind, said.subject) == (AlertKind.NO_ACCEPTED_SHARE, "stratum+tcp://a:1")
    assert "for 5.0 min of mining, where 10 were to be expected: 1 in 2" in said.text
    assert not run.goes(1, slowly, accepted=1)
    assert not run.goes(298, slowly), "it counts from the accepted one on"
    assert run.goes(3, slowly)


def test_fast_shares_are_given_a_minute() -> None:
    run = Run(NoAcceptedShare())
    assert not run.goes(59)
    assert run.goes(1)


def test_what_was_to_be_expected_is_added_up_while_difficulty_and_rate_change() -> None:
    run = Run(NoAcceptedShare())
    run.goes(90, RATE / 30)  # 3 shares
    assert not run.goes(300, RATE / 30, job_difficulty=100.0), "and one more"
    assert not run.goes(10, RATE / 2, job_difficulty=10.0), "and five"
    assert run.goes(3, RATE / 2)


def test_a_pause_adds_nothing_and_takes_nothing_away() -> None:
    run = Run(NoAcceptedShare())
    run.goes(60, RATE / 10)
    assert not run.goes(1000, 0.0, paused="SIGUSR1")
    policy = PolicySnapshot(PolicyAction.PAUSE, "hours", "at night", 0.0)
    assert not run.goes(1000, 0.0, paused="", policy=policy)
    assert run.goes(45, RATE / 10, policy=None)
    assert run.goes(1000, 0.0, paused="SIGUSR1"), "what is wrong stays so"


def test_devices_that_were_told_to_rest_owe_nothing() -> None:
    run = Run(NoAcceptedShare())
    run.goes(60, RATE / 100)
    assert not run.goes(3600, 0.0, devices=run.device(enabled=False))
    assert not run.goes(3600, 0.0, devices=run.device(enabled=True, held=True))


def test_without_a_job_the_rate_of_before_counts_on() -> None:
    run = Run(NoAcceptedShare())
    run.goes(200, RATE / 10, accepted=1)
    run.goes(1, RATE / 10, accepted=2)
    said = run.goes(160, 0.0, job=None, job_id=None, job_difficulty=None)
    assert said
    assert "for 2.2 min" in texts(said)[0], "half a minute of nothing, then ten shares"


def test_a_board_that_sends_nothing_owes_what_it_is_built_for() -> None:
    run = Run(NoAcceptedShare())
    run.shot = replace(run.shot, devices=run.device(board=board(0, RATE / 10)))
    assert not run.goes(99, 0.0)
    assert run.goes(2, 0.0)


def test_a_run_that_never_had_a_job_is_told_of() -> None:
    nothing = {"job": None, "job_id": None, "job_difficulty": None, "jobs": 0, "devices": ()}
    run = Run(NoAcceptedShare(), **nothing)
    assert not run.goes(299, 0.0)
    (text,) = texts(run.goes(1, 0.0))
    assert text == "no job since the start, 5.0 min ago"


def test_what_nobody_can_expect_is_not() -> None:
    job = replace(JOB, difficulty=math.inf)
    run = Run(NoAcceptedShare(), job=job, job_difficulty=math.inf)
    assert not run.goes(3600)


def test_rejects_meanwhile_are_named() -> None:
    run = Run(NoAcceptedShare(), rejected=2)
    run.goes(30, accepted=1)
    run.goes(1, accepted=2)
    (text,) = texts(run.goes(60, rejected=40, stale=3))
    assert text.endswith("41 shares rejected or stale meanwhile")


def test_chance_is_seldom_taken_for_a_fault() -> None:
    chance = random.Random(8)
    run, raised = Run(NoAcceptedShare()), 0
    for _ in range(10_000):  # shares, one expected in each look
        came = chance.random() > math.exp(-1)
        raised += bool(run.looks(1.0, RATE, accepted=run.shot.accepted + came))
    # A wait of ten comes once in 22,026, and of sixty seconds never.
    assert raised == 0


def test_a_few_rejects_are_nothing_and_many_are_told() -> None:
    run = Run(RejectedShares(0.05))
    assert not run.goes(1, pools=run.shares(rejected=2, reject_reasons=(("duplicate", 2),)))
    assert not run.goes(20, pools=run.shares(accepted=100))
    reasons = (("duplicate", 20),)
    (said,) = run.goes(1, pools=run.shares(rejected=20, stale=8, reject_reasons=reasons))
    assert (said.kind, said.subject) == (AlertKind.REJECTED_SHARES, "stratum+tcp://a:1")
    assert said.text == (
        "28 of 128 shares in 22.0 s rejected or stale: surely more than 9.2%, the limit is 5.0% "
        "(in this run 8 stale, 20 duplicate)"
    )


def test_rejects_are_over_when_no_more_than_the_limit_are() -> None:
    run = Run(RejectedShares(0.05))
    assert run.goes(20, pools=run.shares(rejected=20))
    assert run.goes(20, pools=run.shares(accepted=370)), "20 of 390"
    assert not run.goes(20, pools=run.shares(accepted=380))


def test_old_answers_are_forgotten_but_not_the_last_hundred() -> None:
    run = Run(RejectedShares(0.05))
    for count in range(1, 91):
        run.looks(60.0, pools=run.shares(accepted=count))
    for count in range(1, 9):
        assert not run.looks(60.0, pools=run.shares(rejected=count)), "8 of 98"
    seconds = 60.0
    for count in range(9, 30):
        said = run.looks(seconds, pools=run.shares(rejected=count))
    assert said


def test_rejects_of_many_pools_are_told_apart() -> None:
    shot = world().run.shot
    rule = RejectedShares(0.05)
    run = Run(rule, pools=shot.pools)
    second = replace(shot.pools[1], shares=replace(shot.pools[1].shares, rejected=90))
    (said,) = run.goes(2, pools=(shot.pools[0], second))
    assert said.subject == "stratum+tcp://b,1:2"
