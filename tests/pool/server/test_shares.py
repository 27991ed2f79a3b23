"""Judging shares, with the vectors as jury: real shares of other pools, and wrong ones."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeGuard

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stampmill.core.chain.target import target_from_difficulty, target_from_nbits
from stampmill.pool.server.jobs import ServerJob, job_of
from stampmill.pool.server.shares import (
    GoodShare,
    SeenShares,
    ShareFault,
    ShareTerms,
    generous_target,
    judge,
    rolled_versions,
)
from stampmill.pool.stratum.notifications import Notify
from stampmill.pool.stratum.requests import Submit

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "vectors" / "stratum.json").read_text()
)
SHARES: list[dict[str, Any]] = VECTORS["stratum_shares"]
BY_NAME = {vector["name"]: vector for vector in SHARES}
NAMES = sorted(BY_NAME)


def job_of_vector(vector: dict[str, Any]) -> ServerJob:
    notify = Notify.from_params(vector["notify"])
    return job_of(notify, target_from_nbits(notify.nbits))


def terms_of(vector: dict[str, Any], difficulty: float | None = None) -> ShareTerms:
    return ShareTerms(
        bytes.fromhex(vector["extranonce1"]),
        vector["extranonce2_size"],
        int(vector.get("version_mask", "0"), 16),
        vector.get("set_difficulty", 1) if difficulty is None else difficulty,
    )


def submit_of(vector: dict[str, Any]) -> Submit:
    return Submit.from_params(vector["submit"])


def clock(vector: dict[str, Any]) -> int:
    return int(vector["submit"][3], 16)


def judged(vector: dict[str, Any], submit: Submit, terms: ShareTerms) -> GoodShare | ShareFault:
    return judge(job_of_vector(vector), submit, terms, clock(vector))


@pytest.mark.parametrize("name", NAMES)
def test_real_share_is_good_byte_for_byte(name: str) -> None:
    vector = BY_NAME[name]
    share = judged(vector, submit_of(vector), terms_of(vector))
    assert isinstance(share, GoodShare)
    assert share.header.hex() == vector["expect"]["header"]
    assert share.hash[::-1].hex() == vector["expect"]["hash"]
    assert share.coinbase.hex() == vector["expect"]["coinbase_tx"]


@pytest.mark.parametrize("name", NAMES)
def test_real_share_is_good_up_to_its_own_difficulty(name: str) -> None:
    vector = BY_NAME[name]
    own = vector["expect"]["share_difficulty"]
    at = judged(vector, submit_of(vector), terms_of(vector, own))
    above = judged(vector, submit_of(vector), terms_of(vector, own * 1.00001))
    assert isinstance(at, GoodShare)
    solves = vector["expect"]["solves_block"] and job_of_vector(vector).block_target > 0
    # A block is taken whatever difficulty its miner was given.
    assert isinstance(above, GoodShare) if solves else above is ShareFault.LOW_DIFFICULTY


@pytest.mark.parametrize("vector", VECTORS["wrong_shares"], ids=lambda each: each["why"])
def test_wrong_share_is_refused(vector: dict[str, Any]) -> None:
    base = BY_NAME[vector["base"]]
    fault = judged(base, Submit.from_params(vector["submit"]), terms_of(base))
    assert fault is ShareFault.LOW_DIFFICULTY


ROLLED = BY_NAME["ASIC capture, version rolled, difficulty 8192"]


def roll(**fields: Any) -> GoodShare | ShareFault:
    return judged(ROLLED, replace(submit_of(ROLLED), **fields), terms_of(ROLLED))


def test_unrolled_version_is_another_header() -> None:
    assert roll(version_bits=None) is ShareFault.LOW_DIFFICULTY
    assert roll(version_bits=0) is ShareFault.LOW_DIFFICULTY


@pytest.mark.parametrize("bits", [0x20B44000, 0x80000000, 0x00B44001, 0x00001000])
def test_bits_outside_the_mask_are_refused(bits: int) -> None:
    assert roll(version_bits=bits) is ShareFault.VERSION_BITS


def test_bits_without_an_agreed_mask_are_refused_unless_they_are_zero() -> None:
    base = BY_NAME["original Stratum documentation example"]
    zero = replace(submit_of(base), version_bits=0)
    assert isinstance(judged(base, zero, terms_of(base)), GoodShare)
    rolled = replace(submit_of(base), version_bits=0x2000)
    assert judged(base, rolled, terms_of(base)) is ShareFault.VERSION_BITS


@pytest.mark.parametrize("size", [0, 1, 3, 5, 16])
def test_extranonce2_of_another_size_is_refused(size: int) -> None:
    assert roll(extranonce2=bytes(size)) is ShareFault.EXTRANONCE2_SIZE


@pytest.mark.parametrize(
    ("ahead", "in_range"), [(-1, False), (0, True), (7000, True), (7001, False)]
)
def test_time_may_be_rolled_up_to_7000_seconds(ahead: int, in_range: bool) -> None:
    fault = roll(ntime=int(ROLLED["notify"][7], 16) + ahead)
    assert (fault is not ShareFault.NTIME_RANGE) is in_range


def test_time_two_hours_ahead_of_the_clock_is_refused_unless_the_job_itself_is() -> None:
    job, terms, submit = job_of_vector(ROLLED), terms_of(ROLLED), submit_of(ROLLED)
    slow_clock = job.notify.ntime - 7200 + 100
    later = replace(submit, ntime=job.notify.ntime + 101)
    assert judge(job, later, terms, slow_clock) is ShareFault.NTIME_RANGE
    later = replace(submit, ntime=job.notify.ntime + 100)
    assert judge(job, later, terms, slow_clock) is ShareFault.LOW_DIFFICULTY
    assert isinstance(judge(job, submit, terms, slow_clock - 5000), GoodShare)


@pytest.mark.parametrize("vector", VECTORS["version_rolling"])
def test_a_rolled_version_has_the_readings_of_the_three_families_bip310_first(
    vector: dict[str, str],
) -> None:
    version, bits, mask = (
        int(vector[name], 16) for name in ("job_version", "version_bits", "mask")
    )
    readings = rolled_versions(version, bits, mask)
    assert readings[0] == int(vector["bip310_version"], 16)
    styles = ("bip310_version", "or_style", "xor_style")
    assert set(readings) == {int(vector[style], 16) for style in styles}
    assert (len(readings) == 1) is bool(vector["all_agree"])


@pytest.mark.parametrize(
    ("bits", "version"),
    [(0x10002000, 0x30002000), (0x00002000, 0x30002000), (0x10000000, 0x20000000)],
)
def test_a_job_with_bits_inside_the_mask_takes_every_dialect(bits: int, version: int) -> None:
    easy = replace(terms_of(ROLLED), difficulty=1e-18, version_mask=0x1FFFE000)
    job = job_of_vector(ROLLED)
    job = job_of(replace(job.notify, version=0x30000000), job.network_target)
    submit = replace(submit_of(ROLLED), version_bits=bits)
    found = [
        judge(job, replace(submit, nonce=nonce), replace(easy, difficulty=4e-9), clock(ROLLED))
        for nonce in range(300)
    ]
    versions = {int.from_bytes(each.header[:4], "little") for each in found if good(each)}
    assert version in versions
    assert versions <= set(rolled_versions(0x30000000, bits, 0x1FFFE000))


def good(verdict: GoodShare | ShareFault) -> TypeGuard[GoodShare]:
    return isinstance(verdict, GoodShare)


difficulties = st.floats(1e-9, 1e12)


@given(difficulties)
def test_tolerance_is_one_part_in_a_thousand_million(difficulty: float) -> None:
    exact = target_from_difficulty(difficulty)
    given_away = generous_target(difficulty) - exact
    assert exact - 10**9 < given_away * 10**9 <= exact


@given(st.integers(0, (1 << 256) - 1), difficulties)
def test_verdict_on_a_hash_is_its_place_beside_the_target(nonce: int, difficulty: float) -> None:
    vector = BY_NAME["regtest: ckpool-lhr, version rolled"]
    submit = replace(submit_of(vector), nonce=nonce & 0xFFFFFFFF)
    everything = judged(vector, submit, replace(terms_of(vector), difficulty=1e-18))
    assert isinstance(everything, GoodShare)
    meets = int.from_bytes(everything.hash, "little") <= generous_target(difficulty)
    share = judged(vector, submit, terms_of(vector, difficulty))
    assert share == (everything if meets else ShareFault.LOW_DIFFICULTY)


FIELDS = st.fixed_dictionaries({
    "extranonce1": st.sampled_from([b"\0\0\0\1", b"\0\0\0\2"]),
    "extranonce2": st.sampled_from([b"\0\0\0\0", b"\0\0\0\1"]),
    "ntime": st.sampled_from([0, 1]),
    "nonce": st.sampled_from([0, 1, 0x01000000]),
    "version_bits": st.sampled_from([None, 0, 0x2000, 0x4000]),
})  # fmt: skip


@given(st.lists(FIELDS, min_size=1, max_size=30))
def test_duplicate_is_what_agrees_in_all_five_fields_and_nothing_less(
    submits: list[dict[str, Any]],
) -> None:
    vector = BY_NAME["regtest: ckpool-lhr, version rolled"]
    job = job_of_vector(vector)
    seen, keys = SeenShares(1000), set()
    for fields in submits:
        terms = ShareTerms(fields["extranonce1"], 4, 0x1FFFE000, 1e-18)
        submit = Submit(
            "w", job.id, fields["extranonce2"], job.notify.ntime + fields["ntime"],
            fields["nonce"], fields["version_bits"],
        )  # fmt: skip
        share = judge(job, submit, terms, job.notify.ntime)
        assert isinstance(share, GoodShare)
        # No bits and bits of zero make the same header of a version with none set.
        key = tuple(fields[name] or 0 for name in sorted(fields))
        assert seen.add(share.hash) is (key not in keys)
        keys.add(key)


def test_memory_of_shares_is_bounded_and_keeps_the_newest() -> None:
    seen = SeenShares(100)
    hashes = [number.to_bytes(32, "big") for number in range(250)]
    assert all(seen.add(each) for each in hashes)
    assert len(seen) == 100
    assert not any(seen.add(each) for each in hashes[150:])
    assert seen.add(hashes[0])
    seen.clear()
    assert len(seen) == 0
    assert seen.add(hashes[249])


def test_every_fault_has_a_code_of_the_documentation() -> None:
    assert {fault.error.code for fault in ShareFault} == {20, 21, 22, 23, 24, 25}
