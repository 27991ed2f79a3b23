from dataclasses import replace

import pytest

from stampmill.core.chain import target
from stampmill.core.chain.header import display
from stampmill.core.job import Nonce
from stampmill.core.verify import Finding, verify

from .fakes import EASY, first_nonce, make_job, make_work
from .known_shares import known_nonce, known_share
from .vectors import VECTORS, Vector, named

BLOCK = known_share("testnet3 block 49291")
"""Of network difficulty 1, solved with a hash of difficulty 10.4."""


def hash_of(nonce: Nonce) -> int:
    digest = nonce.work.header(nonce.nonce, nonce.version, nonce.ntime).hash()
    return int.from_bytes(digest, "little")


def finding(nonce: Nonce) -> Finding:
    found, share = verify(nonce)
    assert (share is not None) is (found is Finding.SHARE)
    return found


@pytest.mark.parametrize("vector", named("stratum_shares"))
def test_a_share_that_a_pool_accepted_is_one(vector: Vector) -> None:
    nonce = known_nonce(vector)
    found, share = verify(nonce)
    assert found is Finding.SHARE
    assert share is not None
    assert share.nonce is nonce
    assert display(share.hash) == vector["expect"]["hash"]
    assert share.difficulty == vector["expect"]["share_difficulty"]


@pytest.mark.parametrize("vector", named("stratum_shares"))
def test_a_share_solves_a_block_only_on_a_real_chain(vector: Vector) -> None:
    _, share = verify(known_nonce(vector))
    real = not vector["name"].startswith("regtest")
    assert share is not None
    assert share.solves_block is (real and vector["expect"]["solves_block"])


@pytest.mark.parametrize("vector", named("wrong_shares", "why"))
def test_a_share_put_together_wrongly_is_a_hardware_error(vector: Vector) -> None:
    base = next(s for s in VECTORS["stratum_shares"] if s["name"] == vector["base"])
    assert finding(known_nonce(base, vector["submit"])) is Finding.HARDWARE_ERROR


def test_a_block_is_worth_sending_though_it_is_no_share() -> None:
    nonce = known_nonce(BLOCK, share_target=target.target_from_difficulty(100))
    found, share = verify(nonce)
    assert found is Finding.SHARE
    assert share is not None
    assert share.solves_block


def test_a_block_of_a_test_chain_is_not_worth_sending_unless_it_is_a_share() -> None:
    nonce = known_nonce(known_share("regtest"), share_target=1)
    work = replace(nonce.work, ticket_target=target.MAX_TARGET)
    assert finding(replace(nonce, work=work)) is Finding.BELOW_SHARE


def test_a_hash_equal_to_the_share_target_is_a_share() -> None:
    nonce = first_nonce(make_work(make_job()))
    job = make_job(share_target=hash_of(nonce))
    assert finding(replace(nonce, work=make_work(job))) is Finding.SHARE


def test_a_hash_one_above_the_share_target_is_below_a_share() -> None:
    nonce = first_nonce(make_work(make_job()))
    job = make_job(share_target=hash_of(nonce) - 1)
    work = make_work(job, ticket_target=hash_of(nonce))
    assert finding(replace(nonce, work=work)) is Finding.BELOW_SHARE


def test_a_hash_one_above_the_ticket_is_a_hardware_error() -> None:
    nonce = first_nonce(make_work(make_job()))
    work = make_work(make_job(), ticket_target=hash_of(nonce) - 1)
    assert finding(replace(nonce, work=work)) is Finding.HARDWARE_ERROR


@pytest.mark.parametrize("end", [0, 1])
def test_a_nonce_at_the_edge_of_the_range_was_asked_for(end: int) -> None:
    number = first_nonce(make_work(make_job())).nonce
    edges = {"first_nonce": number} if end == 0 else {"end_nonce": number + 1}
    assert finding(first_nonce(make_work(make_job(), **edges))) is Finding.SHARE


@pytest.mark.parametrize("edges", [(0, 0), (1, 9)])
def test_a_nonce_outside_the_range_is_a_hardware_error(edges: tuple[int, int]) -> None:
    nonce = first_nonce(make_work(make_job()))
    first, end = edges[0] and nonce.nonce + 1, nonce.nonce + edges[1]
    work = make_work(make_job(), first_nonce=first, end_nonce=end)
    assert finding(replace(nonce, work=work)) is Finding.HARDWARE_ERROR


@pytest.mark.parametrize(
    ("rolled", "passed", "asked_for"),
    [(5, 0.0, True), (6, 0.0, False), (35, 30.9, True), (36, 30.9, False), (5, -9.0, True)],
)
def test_a_time_may_run_ahead_by_what_has_passed_and_a_little(
    rolled: int, passed: float, asked_for: bool
) -> None:
    work = make_work(make_job(share_target=target.MAX_TARGET))
    nonce = replace(
        first_nonce(work),
        ntime=work.ntime + rolled,
        found_at=work.job.received_at + passed,
    )
    wanted = Finding.SHARE if asked_for else Finding.HARDWARE_ERROR
    assert finding(nonce) is wanted


def every_hash_is_a_share() -> Nonce:
    return first_nonce(make_work(make_job(share_target=target.MAX_TARGET)))


@pytest.mark.parametrize("number", [-1, 1 << 32])
def test_a_nonce_of_no_header_is_a_hardware_error(number: int) -> None:
    assert finding(replace(every_hash_is_a_share(), nonce=number)) is Finding.HARDWARE_ERROR


@pytest.mark.parametrize("version", [0x20002000, -1, 1 << 32])
def test_a_version_that_was_not_asked_for_is_a_hardware_error(version: int) -> None:
    assert finding(replace(every_hash_is_a_share(), version=version)) is Finding.HARDWARE_ERROR


def test_an_ntime_below_the_works_is_a_hardware_error() -> None:
    nonce = every_hash_is_a_share()
    assert finding(replace(nonce, ntime=nonce.ntime - 1)) is Finding.HARDWARE_ERROR


def test_an_ntime_of_no_header_is_a_hardware_error() -> None:
    assert finding(replace(every_hash_is_a_share(), ntime=1 << 32)) is Finding.HARDWARE_ERROR


def test_an_ntime_that_the_device_moved_on_is_hashed_as_it_was_reported() -> None:
    work = make_work(make_job())
    nonce = first_nonce(replace(work, ntime=work.ntime + 1))
    assert nonce.nonce != first_nonce(work).nonce
    assert finding(replace(nonce, work=work)) is Finding.SHARE


def test_the_right_nonce_under_the_wrong_one_of_two_versions_is_a_hardware_error() -> None:
    work = make_work(make_job(share_target=EASY >> 8), versions=(0x20000000, 0x20002000))
    nonce = first_nonce(work)
    assert finding(replace(nonce, version=0x20002000)) is Finding.HARDWARE_ERROR
