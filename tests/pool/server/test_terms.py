"""Terms that change while a session lasts, and sessions that outlast their connection."""

import pytest

from stampmill.pool.server.events import CloseReason

from .rig import Json, Miner, Rig


def come_back(rig: Rig, session_id: Json, **how: Json) -> Miner:
    miner = rig.connect()
    miner.extranonce1 = miner.ask("mining.subscribe", ["m", session_id])["result"][1]
    miner.ask("mining.authorize", ["w", "x"])
    return miner


def session_id(miner: Miner) -> str:
    (answer,) = [line for line in miner.wire.lines if isinstance(line.get("result"), list)]
    return str(answer["result"][0][1][1])


def leave(rig: Rig, miner: Miner) -> str:
    rig.core.disconnect(miner.session)
    return session_id(miner)


# Resuming.


def test_a_session_id_gives_the_same_extranonce1_and_a_new_id() -> None:
    rig = Rig()
    miner = rig.login()
    old = leave(rig, miner)
    again = come_back(rig, old)
    assert again.extranonce1 == miner.extranonce1
    assert session_id(again) != old
    assert len(old) == 16


def test_shares_of_the_old_connection_count_after_a_resume_but_never_twice() -> None:
    rig = Rig()
    miner = rig.login()
    sent, late = (next(miner.job.shares(extranonce2=f"{n:08x}")) for n in (1, 2))
    assert miner.submit(sent) == "ok"
    again = come_back(rig, leave(rig, miner))
    assert not again.job.clean
    assert [again.submit(share) for share in (sent, late, late)] == [
        "22 Duplicate share", "ok", "22 Duplicate share",
    ]  # fmt: skip


def test_a_resumed_share_is_stale_when_a_clean_job_came_in_between() -> None:
    rig = Rig()
    miner = rig.login()
    share = next(miner.job.shares())
    old = leave(rig, miner)
    rig.core.block_made(rig.now())
    again = come_back(rig, old)
    assert again.extranonce1 == miner.extranonce1
    assert again.job.clean
    assert again.submit(share) == "21 Stale"


@pytest.mark.parametrize("unknown", ["", "feedfeedfeedfeed", None, 7])
def test_an_id_that_nobody_has_begins_a_new_session(unknown: Json) -> None:
    rig = Rig()
    gone = rig.login()
    leave(rig, gone)
    again = come_back(rig, unknown)
    assert again.extranonce1 != gone.extranonce1
    assert again.job.clean


def test_a_session_is_resumed_once_and_only_within_ten_minutes() -> None:
    rig = Rig()
    first, second = rig.login(), rig.login()
    ids = [leave(rig, first), leave(rig, second)]
    assert come_back(rig, ids[0]).extranonce1 == first.extranonce1
    assert come_back(rig, ids[0]).extranonce1 != first.extranonce1
    rig.clocks.advance(600)
    assert come_back(rig, ids[1]).extranonce1 != second.extranonce1


def test_a_session_that_is_still_open_cannot_be_taken_over() -> None:
    rig = Rig()
    miner = rig.login()
    assert come_back(rig, session_id(miner)).extranonce1 != miner.extranonce1


def test_subscribing_again_with_an_id_changes_nothing() -> None:
    rig = Rig()
    gone, miner = rig.login(), rig.login()
    old = leave(rig, gone)
    assert miner.ask("mining.subscribe", ["m", old])["result"][1] == miner.extranonce1


def test_what_is_kept_for_those_who_left_is_bounded() -> None:
    rig = Rig(max_connections=10)
    gone = [rig.login() for _ in range(10)]
    for miner in gone:
        leave(rig, miner)
    leave(rig, rig.login())
    assert len(rig.core._departed) == 10
    assert come_back(rig, session_id(gone[0])).extranonce1 != gone[0].extranonce1


# Few numbers.


def test_an_extranonce1_of_one_byte_serves_256_miners() -> None:
    rig = Rig(extranonce1_size=1)
    miners = [rig.login() for _ in range(256)]
    assert len({miner.extranonce1 for miner in miners}) == 256
    assert rig.core.connect(miners[0].wire, rig.now()) is None
    leave(rig, miners[7])
    assert rig.login().extranonce1 == miners[7].extranonce1


@pytest.mark.parametrize("size", [1, 8, 32])
def test_a_block_is_found_with_an_extranonce1_of_any_size(size: int) -> None:
    rig = Rig(extranonce1_size=size, block_every=1)
    rig.login().mine()
    assert rig.chain.height == 102


# New extranonces.


@pytest.mark.parametrize("how", ["request", "configure"])
def test_who_asked_for_it_is_told_new_extranonces_in_front_of_a_clean_job(how: str) -> None:
    rig = Rig()
    miner = rig.connect()
    if how == "request":
        miner.ask("mining.extranonce.subscribe", [])
    else:
        miner.ask("mining.configure", [["subscribe-extranonce"], {}])
    miner.login()
    old_share = next(miner.job.shares())
    before = miner.extranonce1
    miner.wire.lines.clear()
    rig.core.renew_extranonces(rig.now())
    told, job = miner.wire.lines
    assert (told["method"], told["params"][1]) == ("mining.set_extranonce", 4)
    assert job["method"] == "mining.notify"
    assert job["params"][8] is True
    miner.extranonce1 = told["params"][0]
    assert miner.extranonce1 != before
    share = next(miner.job.shares(difficulty=1e-9))
    assert [miner.submit(share), miner.submit(old_share)] == ["ok", "21 Stale"]


def test_who_did_not_ask_for_new_extranonces_is_dropped_to_subscribe_again() -> None:
    rig = Rig()
    miner, newcomer = rig.login(), rig.connect()
    rig.core.renew_extranonces(rig.now())
    assert miner.session.closed is CloseReason.NEW_EXTRANONCE
    assert newcomer.login().job
    rig.core.disconnect(miner.session)
    assert rig.core.snapshot().closed == {"new-extranonce": 1}


def test_a_share_is_judged_by_the_extranonces_that_its_job_was_sent_with() -> None:
    rig = Rig()
    miner = rig.connect()
    miner.ask("mining.extranonce.subscribe", [])
    miner.login()
    share = next(miner.job.shares())
    miner.session._terms.extranonces = rig.core._new_extranonces()
    assert miner.submit(share) == "ok"


# Version masks.


def test_a_changed_version_mask_is_told_to_those_who_roll_and_holds_at_once() -> None:
    rig = Rig()
    roller, plain = rig.login(mask="1fffe000"), rig.login()
    rig.core.set_version_mask(0x6000)
    assert roller.calls("mining.set_version_mask") == [["00006000"]]
    assert plain.calls("mining.set_version_mask") == []
    assert roller.submit(next(roller.job.shares(bits="00006000"))) == "ok"
    outside = "20 Version bits outside the agreed mask"
    assert roller.submit(next(roller.job.shares(bits="00008000"))) == outside
    rig.core.set_version_mask(0x1FFFE000)
    assert roller.submit(next(roller.job.shares(bits="00008000"))) == "ok"


def test_a_mask_widens_no_further_than_the_miner_asked_for() -> None:
    rig = Rig(version_mask=0x2000)
    roller = rig.login(mask="0000e000")
    rig.core.set_version_mask(0x1FFFE000)
    assert roller.calls("mining.set_version_mask") == [["0000e000"]]


# Transactions.


def test_the_transactions_of_a_job_are_those_of_its_branch() -> None:
    miner = Rig().login()
    result = miner.ask("mining.get_transactions", [miner.job.id])["result"]
    assert len(result) >= 1
    assert all(bytes.fromhex(each) for each in result)


def test_transactions_that_would_fill_the_line_are_refused() -> None:
    miner = Rig(send_limit=4096, line_limit=1024).login()
    job = miner.session.handout.jobs.get(miner.job.id)
    assert job is not None
    big = tuple(job.job.transactions) * 100
    object.__setattr__(job.job, "transactions", big)
    answer = miner.ask("mining.get_transactions", [miner.job.id])
    assert answer["error"] == [20, "Too many transactions to send", None]
