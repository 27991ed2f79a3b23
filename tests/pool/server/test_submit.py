"""Shares as a scripted miner sends them, and every answer it can get."""

import json

import pytest

from .rig import EASY, Rig

HARD = 1e6


def test_good_share_is_accepted_and_counted_with_its_assigned_difficulty() -> None:
    rig = Rig(fixed_difficulty=2e-9)
    miner = rig.login()
    miner.mine(3)
    shot = rig.core.snapshot()
    assert shot.accepted == 3
    assert shot.accepted_difficulty == pytest.approx(6e-9)
    assert shot.rejected == {}


def test_submit_before_subscribe_and_before_authorize() -> None:
    miner = Rig().connect()
    share = ["1", "00000000", "6553f100", "00000000"]
    assert miner.submit(share) == "25 Not subscribed"
    miner.subscribe()
    assert miner.submit(share) == "24 Unauthorized worker"


def test_share_in_another_name_is_unauthorized() -> None:
    miner = Rig().login()
    assert miner.submit(next(miner.job.shares()), user="thief") == "24 Unauthorized worker"


def test_same_share_twice_is_a_duplicate_however_it_is_written() -> None:
    rig = Rig()
    miner = rig.login(mask="1fffe000")
    share = next(miner.job.shares(extranonce2="0000000a", bits="0000a000"))
    assert miner.submit(share) == "ok"
    assert miner.submit(share) == "22 Duplicate share"
    assert miner.submit([share[0], *(part.upper() for part in share[1:])]) == "22 Duplicate share"
    assert miner.submit([share[0], *("0x" + part for part in share[1:])]) == "22 Duplicate share"
    assert rig.core.snapshot().rejected == {"duplicate": 3}


def test_rolled_versions_of_one_nonce_are_different_shares() -> None:
    miner = Rig().login(mask="1fffe000")
    seen = set()
    for bits in range(0x2000, 0x2000 * 200, 0x2000):
        for share in miner.job.shares(bits=f"{bits:08x}"):
            seen.add(tuple(share[:4]))
            assert miner.submit(share) == "ok"
            break
    assert len(seen) < 199, "some nonce came twice, with another version"


def test_two_connections_may_send_the_same_numbers() -> None:
    rig = Rig(fixed_difficulty=1e-12)
    first, second = rig.login(), rig.login()
    share = next(first.job.shares())
    assert share == next(second.job.shares())
    assert first.submit(share) == second.submit(share) == "ok"


def test_low_difficulty() -> None:
    miner = Rig(fixed_difficulty=1e-7).login()
    low = next(miner.job.shares(difficulty=1e-9, below=0.9e-7))
    assert miner.submit(low) == "23 Low difficulty share"


def test_low_share_is_not_remembered_as_a_duplicate() -> None:
    miner = Rig(fixed_difficulty=1e-7).login()
    low = next(miner.job.shares(difficulty=1e-9, below=0.9e-7))
    assert miner.submit(low) == miner.submit(low) == "23 Low difficulty share"


@pytest.mark.parametrize(
    ("place", "value", "answer"),
    [
        (0, "ffff", "21 Job not found"),
        (0, "0", "21 Job not found"),
        (0, "01", "21 Job not found"),
        (0, "job 1", "21 Job not found"),
        (1, "000000", "20 Incorrect size of extranonce2"),
        (1, "0000000000", "20 Incorrect size of extranonce2"),
        (2, "6553f0ff", "20 ntime out of range"),
        (2, "65540c59", "20 ntime out of range"),
        (2, "xyz", "20 Bad parameters"),
        (3, "1ffffffff", "20 Bad parameters"),
        (1, None, "20 Bad parameters"),
        (0, "", "20 Bad parameters"),
    ],
)
def test_faulty_field(place: int, value: str | None, answer: str) -> None:
    rig = Rig()
    miner = rig.login()
    share: list[str | None] = list(next(miner.job.shares()))
    assert miner.job.ntime == "6553f100"
    share[place] = value
    assert miner.submit(share) == answer  # type: ignore[arg-type]
    assert sum(rig.core.snapshot().rejected.values()) == 1
    assert miner.submit(next(miner.job.shares())) == "ok"


def test_version_bits_within_and_without_the_mask() -> None:
    miner = Rig().login(mask="00006000")
    assert miner.submit(next(miner.job.shares(bits="00004000"))) == "ok"
    outside = "20 Version bits outside the agreed mask"
    assert miner.submit(next(miner.job.shares(bits="00008000"))) == outside


def test_version_bits_without_agreement() -> None:
    miner = Rig().login()
    outside = "20 Version bits outside the agreed mask"
    assert miner.submit(next(miner.job.shares(bits="00004000"))) == outside
    assert miner.submit(next(miner.job.shares(bits="00000000"))) == "ok"


def test_rolled_time() -> None:
    miner = Rig().login()
    later = f"{int(miner.job.ntime, 16) + 7000:08x}"
    assert miner.submit(next(miner.job.shares(ntime=later))) == "ok"


@pytest.mark.parametrize("size", [0, 1, 2, 3, 8, 16])
def test_extranonce2_of_another_size(size: int) -> None:
    rig = Rig(extranonce2_size=size, block_every=1)
    miner = rig.login()
    assert miner.submit(next(miner.job.shares(extranonce2="5a" * size))) == "ok"
    assert rig.chain.height == 102


def test_share_of_a_job_killed_by_a_clean_one_is_stale() -> None:
    rig = Rig()
    miner = rig.login()
    share = next(miner.job.shares())
    rig.core.block_made(rig.now())
    assert miner.submit(share) == "21 Stale"
    shot = rig.core.snapshot()
    assert (shot.stale, shot.rejected) == (1, {"stale": 1})


def test_share_of_an_older_job_counts_while_no_clean_one_came() -> None:
    rig = Rig()
    miner = rig.login()
    old = miner.job
    for _ in range(5):
        rig.core.periodic_job(rig.now())
    assert miner.submit(next(old.shares())) == "ok"
    assert miner.submit(next(miner.job.shares())) == "ok"


def test_job_history_is_bounded() -> None:
    rig = Rig(jobs_kept=3)
    miner = rig.login()
    for _ in range(3):
        rig.core.periodic_job(rig.now())
    jobs = miner.jobs()
    assert [miner.submit(next(job.shares())) for job in jobs] == ["21 Stale", "ok", "ok", "ok"]


def test_job_of_another_connection_is_not_ours() -> None:
    rig = Rig(fixed_difficulty=None, start_difficulty=EASY, lowest_difficulty=EASY)
    other, miner = rig.login(), rig.login()
    other.ask("mining.suggest_difficulty", [2e-9])
    assert other.job.id != miner.job.id
    assert miner.submit(next(other.job.shares())) == "21 Stale"


def test_share_is_judged_by_the_difficulty_of_its_own_job() -> None:
    rig = Rig(fixed_difficulty=None, start_difficulty=EASY, lowest_difficulty=EASY)
    miner = rig.login()
    easy = miner.job
    miner.ask("mining.suggest_difficulty", [HARD])
    assert (miner.job.difficulty, easy.difficulty) == (HARD, EASY)
    assert miner.submit(next(easy.shares())) == "ok"
    assert miner.submit(next(miner.job.shares(difficulty=EASY))) == "23 Low difficulty share"
    assert rig.core.snapshot().accepted_difficulty == pytest.approx(EASY)


def test_lowered_difficulty_counts_for_earlier_jobs_too() -> None:
    rig = Rig(fixed_difficulty=None, start_difficulty=HARD, lowest_difficulty=EASY)
    miner = rig.login()
    hard = miner.job
    miner.ask("mining.suggest_difficulty", [2 * EASY])
    assert miner.submit(next(hard.shares(difficulty=2 * EASY))) == "ok"
    below = next(hard.shares(difficulty=EASY, below=1.9 * EASY))
    assert miner.submit(below) == "23 Low difficulty share"
    assert rig.core.snapshot().accepted_difficulty == pytest.approx(2 * EASY)


def test_difficulty_lowered_and_raised_again_still_counts_as_it_was_lowest() -> None:
    rig = Rig(fixed_difficulty=None, start_difficulty=HARD, lowest_difficulty=EASY)
    miner = rig.login()
    first = miner.job
    for difficulty in (2 * EASY, HARD):
        miner.ask("mining.suggest_difficulty", [difficulty])
    assert miner.submit(next(first.shares(difficulty=2 * EASY))) == "ok"


def test_same_extranonce2_and_nonces_on_every_job_are_never_duplicates() -> None:
    rig = Rig(fixed_difficulty=1e-12)
    miner = rig.login()
    for _ in range(5):
        assert miner.submit(next(miner.job.shares())) == "ok"
        rig.core.periodic_job(rig.now())
    assert len({job.params[2] for job in miner.jobs()}) == 6


def test_submit_without_an_id_counts_and_is_not_answered() -> None:
    rig = Rig()
    miner = rig.login()
    lines = len(miner.wire.lines)
    params = ["w", *next(miner.job.shares())]
    miner.send({"id": None, "method": "mining.submit", "params": params})
    assert len(miner.wire.lines) == lines
    assert rig.core.snapshot().accepted == 1


def test_many_submits_under_one_id_in_one_segment() -> None:
    rig = Rig()
    miner = rig.login()
    shares = miner.job.shares()
    params = [["w", *next(shares)] for _ in range(20)]
    lines = [{"id": 4, "method": "mining.submit", "params": each} for each in params]
    before = len(miner.wire.lines)
    miner.send("".join(json.dumps(line) + "\n" for line in lines).encode())
    assert miner.wire.lines[before:] == [{"id": 4, "result": True, "error": None}] * 20


def test_nothing_is_read_behind_the_end_of_a_session() -> None:
    rig = Rig(handshake_timeout=1)
    miner = rig.connect()
    rig.pass_time(2)
    miner.send({"id": 1, "method": "mining.ping", "params": []})
    assert miner.wire.lines == []
