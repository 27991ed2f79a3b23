"""Known jobs and shares, from the notify line to the submit line, through the real protocol."""

import json
from dataclasses import replace
from typing import Any

import pytest

from stampmill.core.chain.target import meets_target
from stampmill.core.job import Job
from stampmill.pool.upstream.plan import ClientPlan
from stampmill.pool.upstream.protocol import ClientProtocol
from tests.pool.stratum.vectors import SHARE_NAMES, SHARES, VECTORS, share

from .sessions import (
    AUTHORIZED,
    PLAN,
    answer,
    changed_notify,
    found,
    notification,
    only_job,
    started,
)


def session(case: dict[str, Any], plan: ClientPlan) -> tuple[ClientProtocol, Job]:
    """Return a session in which the case's job has just arrived."""
    protocol = started(plan)
    mask = case.get("version_mask")
    granted = {} if mask is None else {"version-rolling": True, "version-rolling.mask": mask}
    protocol.feed(answer(1, granted), 1000.0)
    extranonces = [case["extranonce1"], case["extranonce2_size"]]
    protocol.feed(answer(2, [[], *extranonces]) + AUTHORIZED, 1000.0)
    if "set_difficulty" in case:
        protocol.feed(notification("mining.set_difficulty", case["set_difficulty"]), 1000.0)
    job = only_job(protocol.feed(notification("mining.notify", *case["notify"]), 1001.5))
    return protocol, job


def submit_line(protocol: ClientProtocol, job: Job, params: list[str], version: int) -> bytes:
    share = found(job, params[2:5], version)
    assert protocol.submit(share, 1002.0) == []
    return protocol.data_to_send()


def expected_line(params: list[str]) -> bytes:
    text = json.dumps(params, separators=(",", ":"))
    return b'{"id":4,"method":"mining.submit","params":' + text.encode() + b"}\n"


@pytest.mark.parametrize("case", SHARES, ids=SHARE_NAMES)
def test_a_known_share_is_found_and_submitted_byte_for_byte(case: dict[str, Any]) -> None:
    protocol, job = session(case, replace(PLAN, user=case["submit"][0]))
    expect = case["expect"]
    assert job.previous_hash.hex() == expect["prevhash_header_order"]
    assert job.network_target == int(expect["network_target"], 16)
    assert job.received_at == 1001.5
    version = int(expect["version"], 16)
    share = found(job, case["submit"][2:5], version)
    header = share.nonce.work.header(share.nonce.nonce, version)
    assert header.to_bytes().hex() == expect["header"]
    assert share.hash[::-1].hex() == expect["hash"]
    assert share.difficulty == pytest.approx(expect["share_difficulty"])
    assert share.solves_block is expect["solves_block"]
    assert meets_target(share.hash, job.share_target)
    assert submit_line(protocol, job, case["submit"], version) == expected_line(case["submit"])


@pytest.mark.parametrize("case", VECTORS["wrong_shares"], ids=lambda case: case["why"])
def test_a_share_with_swapped_fields_is_none(case: dict[str, Any]) -> None:
    protocol, job = session(share(case["base"]), PLAN)
    wrong = found(job, case["submit"][2:5])
    assert wrong.hash[::-1].hex() == case["hash"]
    assert wrong.difficulty == pytest.approx(case["share_difficulty"])
    assert not meets_target(wrong.hash, job.share_target)
    assert submit_line(protocol, job, case["submit"], job.version) == expected_line(case["submit"])


def rolled_session(case: dict[str, Any], send_difference: bool) -> tuple[ClientProtocol, Job, int]:
    """Return a session, its job, and the version of a header that rolls what it may."""
    plan = replace(PLAN, version_mask=0x1FFFFFE0, send_difference=send_difference)
    protocol = started(plan)
    granted = {"version-rolling": True, "version-rolling.mask": case["mask"]}
    handshake = answer(1, granted) + answer(2, [[], "08000002", 4]) + AUTHORIZED
    protocol.feed(handshake, 1000.0)
    job = only_job(protocol.feed(changed_notify(p5=case["job_version"]), 1000.0))
    return protocol, job, job.version | int(case["version_bits"], 16) & job.version_mask


@pytest.mark.parametrize("case", VECTORS["version_rolling"], ids=lambda case: case["job_version"])
@pytest.mark.parametrize("send_difference", [False, True])
def test_the_sixth_parameter_rebuilds_the_header_that_was_hashed(
    case: dict[str, Any], send_difference: bool
) -> None:
    protocol, job, version = rolled_session(case, send_difference)
    params = ["slush.miner1", "bf", "00000001", "504e86ed", "b2957c02"]
    line = submit_line(protocol, job, params, version)
    sixth = json.loads(line)["params"][5]
    assert line == expected_line([*params, sixth])
    bits, mask = int(sixth, 16), int(case["mask"], 16)
    assert job.version | bits == version  # as ckpool reads it, in either mode
    if send_difference:
        assert job.version ^ bits == version  # as public-pool reads it
    else:
        assert job.version & ~mask | bits & mask == version  # as BIP310 has it
    assert f"{version:08x}" == case["or_style"]
    if case["all_agree"]:
        assert sixth == case["version_bits"]
