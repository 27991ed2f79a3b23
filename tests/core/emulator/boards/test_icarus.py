import pytest

from stampmill.core import native
from stampmill.core.emulator.boards.icarus import EmulatedIcarus, IcarusOptions
from tests.core.emulator import vectors

pytestmark = pytest.mark.skipif(not native.available(), reason=native.why_unavailable() or "built")

GOLDEN = bytes.fromhex(vectors.by_id("icarus", "icarus-golden")["frame"])
REPLY = bytes.fromhex(vectors.by_id("icarus", "icarus-golden")["reply"])
DIVISION_4 = vectors.by_id("icarus", "icarus-division-4")
BAUD = 115_200.0


def device(**more) -> EmulatedIcarus:
    return EmulatedIcarus(IcarusOptions(**({"rate": 380e6} | more)))


def replies(icarus) -> list[bytes]:
    return [sent.data for sent in icarus.sent()]


def test_the_golden_work_is_answered_after_100259_hashes():
    icarus = device()
    icarus.feed(GOLDEN, 1.0, BAUD)
    icarus.advance(1.0 + 100_258 / 380e6)
    assert replies(icarus) == []
    icarus.advance(1.0 + 100_260 / 380e6)
    (sent,) = icarus.sent()
    assert sent.data == REPLY
    assert sent.at - 1 == pytest.approx(100_259 / 380e6)


def test_it_takes_exactly_64_bytes_in_any_pieces():
    icarus = device()
    for i in range(64):
        icarus.feed(GOLDEN[i : i + 1], 1.0 + i * 0.3, BAUD)
    icarus.advance(30.0)
    assert replies(icarus) == [REPLY]


def test_a_work_that_is_a_byte_short_shifts_all_that_follow():
    icarus = device(rate=1e6)
    icarus.feed(GOLDEN[:63], 1.0, BAUD)
    icarus.feed(GOLDEN, 2.0, BAUD)
    icarus.advance(3.0)
    assert replies(icarus) == []
    assert icarus.counters()["partial_bytes"] == 63


def test_one_that_forgets_after_a_silence_hears_the_next_work():
    icarus = device(rate=1e6, resets_after=0.1)
    icarus.feed(GOLDEN[:63], 1.0, BAUD)
    icarus.feed(GOLDEN, 2.0, BAUD)
    icarus.advance(2.5)
    assert replies(icarus) == [REPLY]


def test_an_icarus_stops_at_its_first_nonce_and_an_erupter_goes_on():
    for goes_on, least in ((False, 1), (True, 3)):
        icarus = device(rate=1e6, zero_bits=16, goes_on=goes_on)
        icarus.feed(GOLDEN, 0.0, BAUD)
        icarus.advance(0.5)
        assert (len(replies(icarus)) == 1) is not goes_on
        assert icarus.nonces >= least


def test_new_work_begins_anew_at_any_time():
    icarus = device(rate=1e6)
    icarus.feed(bytes(64), 0.0, BAUD)
    icarus.feed(GOLDEN, 0.5, BAUD)
    icarus.advance(0.5 + 0.101)
    assert replies(icarus) == [REPLY]


def test_parts_search_in_lock_step():
    # With fewer zero bits the first hit of 4 parts is near; all parts before it had none.
    icarus = device(rate=1e6, division=4, zero_bits=14, goes_on=True)
    icarus.feed(bytes.fromhex(DIVISION_4["frame"]), 0.0, BAUD)
    icarus.advance(0.2)
    words = [int.from_bytes(data, "big") for data in replies(icarus)]
    offsets = [word & 0x3FFFFFFF for word in words]
    assert offsets == sorted(offsets)
    assert len({word >> 30 for word in words}) > 1


def test_the_division_probe_of_four_parts_gets_its_answer():
    # The whole search takes 100 million hashes; its last stretch is where the answer must be.
    icarus = device(rate=4e6, division=4)
    icarus.feed(bytes.fromhex(DIVISION_4["frame"]), 0.0, BAUD)
    counter = DIVISION_4["counter"] & 0x3FFFFFFF
    icarus._done = counter * 4.0 - 100_000
    icarus.advance(0.1)
    assert replies(icarus) == [bytes.fromhex(DIVISION_4["reply"])]


def test_at_the_end_of_its_range_it_idles_in_silence():
    icarus = device(rate=1e6, goes_on=True)
    icarus.feed(GOLDEN, 0.0, BAUD)
    icarus._done = float((1 << 32) - 1000)
    icarus.advance(1.0)
    hashed = icarus.hashes
    assert hashed == 1000
    icarus.advance(10.0)
    assert icarus.hashes == hashed


def test_a_cairnsmores_command_changes_its_speed_and_no_hash():
    icarus = device(rate=1e6)
    data, command = 88, 0
    frame = bytes(32) + bytes((data ^ command ^ 0xB7 ^ 0x6D, data, command, 0xB7)) + bytes(28)
    icarus.feed(frame, 0.0, BAUD)
    assert icarus.rate == pytest.approx(1e6 * 220 / 180)
    assert icarus.works == 0
    icarus.feed(GOLDEN, 0.0, BAUD)
    icarus.advance(100_260 / icarus.rate)
    assert replies(icarus) == [REPLY]
