from stampmill.core.chain.target import target_from_nbits
from stampmill.pool.server.block_policy import BlockPolicy
from stampmill.pool.server.jobs import ServerJob, job_of
from stampmill.pool.stratum.notifications import Notify

GOOD = bytes(32)
TOO_HIGH_FOR_REGTEST = b"\xff" * 32


def job(nbits: int) -> ServerJob:
    notify = Notify("1", bytes(32), b"", b"", (), 0x20000000, nbits, 0, True)
    return job_of(notify, target_from_nbits(nbits))


REGTEST = job(0x207FFFFF)
DIFFICULTY_1 = job(0x1D00FFFF)
MAINNET = job(0x17023A04)


def test_network_of_difficulty_1_is_no_test_chain() -> None:
    assert REGTEST.on_test_chain
    assert not DIFFICULTY_1.on_test_chain
    assert DIFFICULTY_1.highest_difficulty == 1


def test_every_tenth_share_of_a_test_chain() -> None:
    policy = BlockPolicy(10, 0)
    made = [policy.wants(REGTEST, GOOD, number) for number in range(30)]
    assert [number for number, wanted in enumerate(made, start=1) if wanted] == [10, 20, 30]


def test_none_if_none_are_asked_for() -> None:
    policy = BlockPolicy(0, 0)
    assert not any(policy.wants(REGTEST, GOOD, number) for number in range(30))


def test_share_that_is_no_block_even_on_regtest_leaves_it_to_the_next() -> None:
    policy = BlockPolicy(2, 0)
    hashes = [GOOD, TOO_HIGH_FOR_REGTEST, GOOD]
    assert [policy.wants(REGTEST, each, 0) for each in hashes] == [False, False, True]


def test_pause_between_two_blocks() -> None:
    policy = BlockPolicy(1, 1.0)
    times = [0.0, 0.5, 0.9, 1.0, 1.5, 2.5]
    assert [policy.wants(REGTEST, GOOD, now) for now in times] == [
        True, False, False, True, False, True,
    ]  # fmt: skip
    assert policy.put_off == 3


def test_flood_puts_a_block_off() -> None:
    policy = BlockPolicy(2, 0)
    calm = [True, False, False, True, True]
    made = [policy.wants(REGTEST, GOOD, 0, calm=each) for each in calm]
    assert made == [False, False, False, True, False]
    assert policy.put_off == 2


def test_real_network_takes_every_hash_below_its_target_and_no_other() -> None:
    policy = BlockPolicy(1, 100.0)
    target = MAINNET.network_target
    at, above = target.to_bytes(32, "little"), (target + 1).to_bytes(32, "little")
    assert [policy.wants(MAINNET, each, 0) for each in (above, at, at, above)] == [
        False, True, True, False,
    ]  # fmt: skip
