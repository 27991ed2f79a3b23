import json
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stampmill.core import native
from stampmill.core.chain import sha256d
from stampmill.core.errors import ScanRequestError

pytestmark = pytest.mark.skipif(not native.available(), reason=native.why_unavailable() or "built")

if native.available():
    from stampmill.core.native_sweep import Sweep, SweepHit, midstate

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "asic.json").read_text())
GOLDEN = next(v for v in VECTORS["icarus"] if "golden" in v["id"])
ALL = 0xFFFFFFFF


def expected(prefixes, zero_bits, words):
    """What hashlib makes of it, step by step and midstate by midstate."""
    for step, word in enumerate(words):
        for slot, prefix in enumerate(prefixes):
            header = prefix + word.to_bytes(4, "big")
            digest = sha256(sha256(header).digest()).digest()
            if int.from_bytes(digest, "little") >> (256 - zero_bits) == 0:
                yield SweepHit(step, word, slot, digest)


def prefix_of(number: int) -> bytes:
    return sha256(number.to_bytes(8, "big")).digest() + bytes(range(44))


@settings(max_examples=30, deadline=None)
@given(
    versions=st.integers(1, 16), zero_bits=st.integers(0, 9), cores=st.integers(1, 130),
    start=st.integers(0, 0x1FFFFFF), counts=st.integers(0, 6), seed=st.integers(0, 1 << 30),
)  # fmt: skip
def test_every_core_counts_through_its_own_nonces_and_none_is_missed(  # noqa: PLR0917
    versions, zero_bits, cores, start, counts, seed
):
    # Only the first 64 bytes differ: the rest is the same for all midstates.
    prefixes = [prefix_of(seed + i)[:64] + prefix_of(seed)[64:] for i in range(versions)]
    states = tuple(midstate(prefix[:64]) for prefix in prefixes)
    sweep = Sweep(
        states, prefixes[0][64:], zero_bits=zero_bits, cores=cores, shift=25, start=start,
        counter_mask=0x1FFFFFF,
    )  # fmt: skip
    words = [
        core << 25 & ALL | (start + count) & 0x1FFFFFF
        for count in range(counts)
        for core in range(cores)
    ]
    found = sweep.run(0, len(words))
    assert found == list(expected(prefixes, zero_bits, words))
    middle = len(words) // 3
    assert sweep.run(0, middle) + sweep.run(middle, len(words)) == found


def test_the_golden_work_is_solved_by_its_nonce_and_no_earlier_one():
    work = bytes.fromhex(GOLDEN["frame"])
    state = b"".join(work[i : i + 4] for i in range(28, -4, -4))
    tail = b"".join(work[i : i + 4] for i in (60, 56, 52))
    sweep = Sweep((state,), tail, zero_bits=32, cores=1, shift=0, start=0, counter_mask=ALL)
    hits = sweep.run(0, 0x187A2 + 1)
    assert [hit.word for hit in hits] == [0x187A2]
    assert hits[0].step == 0x187A2
    assert hits[0].digest[-6:] == bytes(6)


def test_midstate_is_that_of_the_reference():
    block = prefix_of(7)[:64]
    assert midstate(block) == b"".join(w.to_bytes(4, "big") for w in sha256d.midstate(block))


@pytest.mark.parametrize(
    "changed",
    [{"midstates": ()}, {"midstates": (bytes(32),) * 17}, {"midstates": (bytes(31),)},
     {"tail": bytes(11)}, {"zero_bits": 33}, {"cores": 0}, {"shift": 32}],
)  # fmt: skip
def test_what_no_chip_could_be_told_is_refused(changed):
    right = {
        "midstates": (bytes(32),), "tail": bytes(12), "zero_bits": 8, "cores": 4, "shift": 25,
        "start": 0, "counter_mask": 0x1FFFFFF,
    }  # fmt: skip
    with pytest.raises(ScanRequestError):
        Sweep(**(right | changed))
    with pytest.raises(ScanRequestError):
        midstate(bytes(63))
