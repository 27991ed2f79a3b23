from dataclasses import FrozenInstanceError, fields, is_dataclass

import pytest

from stampmill.core import events, job, job_source, snapshot
from stampmill.core.chain import target
from stampmill.core.chain.header import Header

from .fakes import Sink, make_job, make_work

DIFFICULTY_1 = target.DIFFICULTY_1_TARGET
REGTEST = target.target_from_nbits(0x207FFFFF)


@pytest.mark.parametrize("network", [DIFFICULTY_1, DIFFICULTY_1 >> 9])
def test_the_network_target_counts_from_difficulty_1_on(network: int) -> None:
    assert make_job(network_target=network).block_target == network


@pytest.mark.parametrize("network", [DIFFICULTY_1 + 1, REGTEST])
def test_the_network_target_counts_for_nothing_below_difficulty_1(network: int) -> None:
    assert make_job(network_target=network).block_target == 0


def test_a_block_is_reported_where_shares_are_harder() -> None:
    assert make_job(share_target=1, network_target=DIFFICULTY_1).report_target == DIFFICULTY_1


def test_a_share_is_reported_where_blocks_are_harder() -> None:
    easy = make_job(share_target=DIFFICULTY_1, network_target=1)
    assert easy.report_target == DIFFICULTY_1


def test_the_share_target_alone_decides_on_a_test_chain() -> None:
    assert make_job(share_target=1, network_target=REGTEST).report_target == 1


def test_jobs_of_equal_content_are_equal_whoever_sent_them() -> None:
    assert make_job(Sink()) == make_job(Sink())
    assert make_job(id="a") != make_job(id="b")


def test_a_header_of_work_defaults_to_its_first_version_and_its_ntime() -> None:
    work = make_work(make_job(), versions=(5, 6))
    previous_hash, nbits = work.job.previous_hash, work.job.nbits
    expected = Header(5, previous_hash, work.merkle_root, work.ntime, nbits, 0)
    assert work.header() == expected


def test_a_header_of_work_takes_what_a_device_reports() -> None:
    header = make_work(make_job()).header(7, 0, 0)
    assert (header.nonce, header.version, header.ntime) == (7, 0, 0)


def test_the_prefix_is_the_header_without_its_nonce() -> None:
    work = make_work(make_job(), versions=(5, 6))
    assert work.prefix() == work.header(nonce=99).to_bytes()[:76]


TRAVELLERS = [
    kind
    for module in (job, events, snapshot, job_source)
    for kind in vars(module).values()
    if is_dataclass(kind) and isinstance(kind, type)
]


@pytest.mark.parametrize("kind", TRAVELLERS, ids=lambda kind: kind.__name__)
def test_what_travels_is_frozen_and_slotted(kind: type) -> None:
    made: object = object.__new__(kind)
    assert not hasattr(made, "__dict__")
    with pytest.raises(FrozenInstanceError):
        setattr(made, fields(kind)[0].name, None)
