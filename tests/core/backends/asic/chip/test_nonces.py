from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stampmill.core.backends.asic.chip.chain import Chain
from stampmill.core.backends.asic.chip.nonces import (
    chip_index,
    chunk_of,
    first_nonce,
    read_fields,
)
from stampmill.core.backends.asic.chip.table import (
    BM1362,
    BM1366,
    BM1368,
    BM1370,
    BM1397,
    CHIPS,
    Chip,
    by_name,
)
from stampmill.core.backends.asic.wire.replies import NonceReply, decode_reply
from tests.core.backends.asic.vectors import section

REPLIES = (
    [
        (case["chip"], case["hex"], case["fields"])
        for case in section("response_frame")
        if case["valid"] and case["fields"]["type"] == 4
    ]
    + [
        (case["chip"], case["response"], case["response_fields"])
        for case in section("share")
        if "response_fields" in case
    ]
    + [(case["chip"], case["response"], case["expect"]) for case in section("derived_exchange")]
)


@pytest.mark.parametrize(("name", "frame", "fields"), REPLIES, ids=lambda part: str(part)[:24])
def test_every_nonce_of_the_vectors_is_taken_apart(
    name: str, frame: str, fields: dict[str, Any]
) -> None:
    chip, reply = by_name(name), decode_reply(bytes.fromhex(frame))
    assert chip is not None
    assert isinstance(reply, NonceReply)
    read = read_fields(chip, reply)
    assert read.job_id == fields["job_id"]
    if chip is BM1397:
        assert read.sub_core == fields["midstate_index"]
        return
    assert (read.core, read.sub_core) == (fields["core"], fields["sub_core"])
    assert read.excess == fields["excess_bits"]
    assert read.version_bits == int(fields["version_bits"], 16)
    chunk = chunk_of(chip, read.job_id, read.sub_core, read.excess or 0)
    assert chunk == reply.chunk


@pytest.mark.parametrize(
    ("name", "frame", "fields"),
    [case for case in REPLIES if "addr_field" in case[2]],
    ids=lambda part: str(part)[:24],
)
def test_the_address_in_a_nonce_names_its_chip(
    name: str, frame: str, fields: dict[str, Any]
) -> None:
    chip, reply = by_name(name), decode_reply(bytes.fromhex(frame))
    assert chip is not None
    assert isinstance(reply, NonceReply)
    # With 128 chips each address is a chip.
    assert chip_index(Chain(chip, 128), reply.nonce) == fields["addr_field"] // 2


def test_the_midstate_job_of_a_hardware_test_is_matched() -> None:
    (case,) = (c for c in section("midstate_share") if "response_id_byte" in c)
    reply = NonceReply(bytes.fromhex(case["nonce_bytes"]), int(case["response_id_byte"], 16))
    fields = read_fields(BM1397, reply)
    assert fields.job_id << 2 == int(case["expect_job_field"], 16)
    assert fields.sub_core == case["expect_midstate_index"]


@given(st.sampled_from(CHIPS), st.integers(0, 31), st.integers(0, 15), st.integers(0, 31))
def test_chunks_come_back(chip: Chip, job_id: int, sub_core: int, excess: int) -> None:
    sub_core %= chip.sub_cores
    reply = NonceReply(bytes(4), chunk_of(chip, job_id, sub_core, excess), 5)
    fields = read_fields(chip, reply)
    assert (fields.job_id, fields.sub_core) == (job_id, sub_core)
    assert fields.excess == (excess if chip.rolls_versions else None)


@pytest.mark.parametrize("chip", [BM1362, BM1366, BM1368, BM1370], ids=lambda chip: chip.name)
@pytest.mark.parametrize("chips", [1, 2, 3, 12, 65, 126, 128])
def test_each_chip_is_named_by_the_first_and_last_nonce_of_its_part(chip: Chip, chips: int) -> None:
    chain = Chain(chip, chips)
    starts = [first_nonce(chain, index) for index in range(chips)]
    for index, start in enumerate(starts):
        core = 0x12 << 25
        assert chip_index(chain, (core | start).to_bytes(4, "big")) == index
        if chip is BM1370 and index + 1 < chips:
            last = starts[index + 1] - 1
            assert chip_index(chain, (core | last).to_bytes(4, "big")) == index


def test_a_nonce_beyond_the_last_chip_is_nobodys() -> None:
    assert chip_index(Chain(BM1366, 3), (0xC0 << 17).to_bytes(4, "big")) is None
    assert chip_index(Chain(BM1397, 2), bytes(4)) is None
