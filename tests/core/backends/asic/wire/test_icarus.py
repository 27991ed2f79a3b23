from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stampmill.core.backends.asic.wire import icarus
from stampmill.core.chain.header import Header
from stampmill.core.chain.sha256d import midstate
from stampmill.core.errors import EncodingError
from tests.core.backends.asic.vectors import by_id, section

WORKS = [case for case in section("icarus") if "frame" in case]
BENCH = [case for case in section("share") if "icarus_frame" in case]


@pytest.mark.parametrize("case", WORKS, ids=lambda case: case["id"])
def test_every_work_of_the_vectors_both_ways(case: dict[str, Any]) -> None:
    state = bytes.fromhex("".join(case["midstate_words"]))
    tail = bytes.fromhex(case["header_tail12"])
    frame = bytes.fromhex(case["frame"])
    assert icarus.encode_work(state, tail) == frame
    assert icarus.decode_work(frame) == (state, tail)


@pytest.mark.parametrize("case", BENCH, ids=lambda case: case["id"])
def test_every_header_of_the_vectors_makes_its_work(case: dict[str, Any]) -> None:
    header = bytes.fromhex(case["header"])
    state = b"".join(word.to_bytes(4, "big") for word in midstate(header[:64]))
    assert icarus.encode_work(state, header[64:76]).hex() == case["icarus_frame"]
    assert case["icarus_reply"] == header[76:].hex()


def test_the_probes_are_those_of_the_vectors() -> None:
    golden = by_id("icarus", "icarus-golden")
    assert icarus.GOLDEN_WORK.hex() == golden["frame"]
    assert icarus.GOLDEN_NONCE.hex() == golden["reply"]
    assert golden["counter"] + 1 == icarus.GOLDEN_HASHES
    for case in WORKS:
        if "work_division" in case:
            assert icarus.DIVISION_WORK.hex() == case["frame"]
            assert icarus.division_of(bytes.fromhex(case["reply"])) == case["work_division"]
    assert icarus.division_of(bytes(4)) == 2


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=12, max_size=12))
def test_work_comes_back(state: bytes, tail: bytes) -> None:
    assert icarus.decode_work(icarus.encode_work(state, tail)) == (state, tail)


@pytest.mark.parametrize(("state", "tail"), [(31, 12), (32, 11), (0, 0)])
def test_what_does_not_fit_is_refused(state: int, tail: int) -> None:
    with pytest.raises(EncodingError):
        icarus.encode_work(bytes(state), bytes(tail))


def test_a_header_and_its_work_say_the_same() -> None:
    header = Header(2, bytes(range(32)), bytes(range(32, 64)), 1_700_000_000, 0x1D00FFFF, 0)
    data = header.to_bytes()
    work = icarus.encode_work(bytes(32), data[64:76])
    assert work[52:56] == data[72:76]  # nbits
    assert work[56:60] == data[68:72]  # ntime
    assert work[60:64] == data[64:68]  # the end of the merkle root
