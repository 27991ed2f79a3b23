from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stampmill.core.backends.asic.wire.jobs import FullJob, JobForm, MidstateJob, decode_job
from stampmill.core.chain.header import Header
from stampmill.core.errors import EncodingError
from tests.core.backends.asic.vectors import cases, section

FULL = [case for case in section("job_frame") if case["format"] == "full"]
MIDSTATE = [case for case in section("job_frame") if case["format"] == "midstate"]


def prefix_of(fields: dict[str, Any]) -> bytes:
    return Header(
        int(fields["version"], 16),
        bytes.fromhex(fields["prev_hash_header_order"]),
        bytes.fromhex(fields["merkle_root_header_order"]),
        int(fields["ntime"], 16),
        int(fields["nbits"], 16),
        0,
    ).to_bytes()[:76]


@pytest.mark.parametrize("case", FULL, ids=lambda case: case["id"])
def test_every_full_job_both_ways(case: dict[str, Any]) -> None:
    fields, frame = case["fields"], bytes.fromhex(case["hex"])
    job = FullJob(fields["job_id"], prefix_of(fields), length=int(fields["length_byte"], 16))
    assert job.encode() == frame
    assert decode_job(frame, JobForm.FULL) == job


@pytest.mark.parametrize("case", MIDSTATE, ids=lambda case: case["id"])
def test_every_midstate_job_both_ways(case: dict[str, Any]) -> None:
    fields, frame = case["fields"], bytes.fromhex(case["hex"])
    job = decode_job(frame, JobForm.MIDSTATE)
    assert isinstance(job, MidstateJob)
    assert job.encode() == frame
    assert (job.job_id << 2, job.used) == (int(fields["job_byte"], 16), fields["num_midstates"])
    assert job.tail[:4].hex() == fields["merkle_tail_header_order"]
    assert job.tail[4:8] == int(fields["ntime"], 16).to_bytes(4, "little")
    assert job.tail[8:] == int(fields["nbits"], 16).to_bytes(4, "little")
    if "midstate_words" in fields:
        assert job.midstates[0].hex() == "".join(fields["midstate_words"])
        assert job.midstates[1:] == (bytes(32),) * 3


@cases("derived_midstate_job")
def test_one_and_four_midstates_of_one_header(case: dict[str, Any]) -> None:
    one = decode_job(bytes.fromhex(case["job_1_midstate"]), JobForm.MIDSTATE)
    four = decode_job(bytes.fromhex(case["job_4_midstates"]), JobForm.MIDSTATE)
    assert isinstance(one, MidstateJob)
    assert isinstance(four, MidstateJob)
    assert one.tail == four.tail == bytes.fromhex(case["header"])[64:76]
    assert one.midstates == four.midstates[:1]
    assert len(four.midstates) == 4
    assert one.encode().hex() == case["job_1_midstate"]
    assert four.encode().hex() == case["job_4_midstates"]


@given(st.integers(0, 31), st.binary(min_size=76, max_size=76), st.binary(min_size=4, max_size=4))
def test_a_full_job_comes_back(job_id: int, prefix: bytes, start: bytes) -> None:
    job = FullJob(job_id, prefix, start)
    assert decode_job(job.encode(), JobForm.FULL) == job


@given(
    st.integers(0, 31),
    st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=4),
    st.binary(min_size=12, max_size=12),
)
def test_a_midstate_job_comes_back(job_id: int, states: list[bytes], tail: bytes) -> None:
    job = MidstateJob(job_id, tuple(states), tail, len(states))
    assert decode_job(job.encode(), JobForm.MIDSTATE) == job


@pytest.mark.parametrize(
    "job",
    [
        FullJob(32, bytes(76)),
        FullJob(-1, bytes(76)),
        FullJob(0, bytes(80)),
        FullJob(0, bytes(76), b""),
        MidstateJob(32, (bytes(32),), bytes(12), 1),
        MidstateJob(0, (), bytes(12), 0),
        MidstateJob(0, (bytes(32),) * 5, bytes(12), 5),
        MidstateJob(0, (bytes(31),), bytes(12), 1),
        MidstateJob(0, (bytes(32),), bytes(11), 1),
    ],
)
def test_what_does_not_fit_is_refused(job: FullJob | MidstateJob) -> None:
    with pytest.raises(EncodingError):
        job.encode()
