from itertools import chain
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stampmill.core.backends.asic.control.replies import (
    Code,
    Failure,
    Garbage,
    Reply,
    ReplyReader,
    Variant,
    data_lengths,
    detect_variant,
    encode_reply,
    is_ambiguous,
)
from stampmill.core.backends.asic.control.requests import (
    GpioGet,
    I2cFrequency,
    I2cRead,
    I2cWrite,
    I2cWriteRead,
    Request,
    decode_request,
)
from tests.core.backends.asic.vectors import section

NAMES = {
    "V0": Variant.V0,
    "V1": Variant.V1,
    "old_length_rule": Variant.V0,
    "total_length_rule": Variant.TOTAL,
}


def answered() -> list[Any]:
    """Return (request, variant, answer) of every vector that has answers."""
    return [
        pytest.param(bytes.fromhex(case["request"]), NAMES[name], bytes.fromhex(answer), id=answer)
        for case in section("bitaxe_raw")
        for name, answer in case.get("responses", {}).items()
    ]


def read(variant: Variant, request: Request, *chunks: bytes) -> list[Any]:
    reader = ReplyReader(variant)
    reader.expect(request)
    return list(chain.from_iterable(reader.feed(chunk) for chunk in chunks))


@pytest.mark.parametrize(("request_", "variant", "answer"), answered())
def test_reads_each_vector(request_: bytes, variant: Variant, answer: bytes) -> None:
    packet = decode_request(request_)
    expected = Reply(packet.id, answer[-1:] if variant is not Variant.V0 else answer[3:])
    assert read(variant, packet.request, answer) == [expected]
    assert read(variant, packet.request, *(bytes([b]) for b in answer)) == [expected]
    assert encode_reply(variant, expected) == answer


@pytest.mark.parametrize("variant", Variant)
@given(packet_id=st.integers(0, 255), data=st.binary(max_size=64), cut=st.integers(0, 70))
def test_a_success_comes_back_however_it_is_cut(
    variant: Variant, packet_id: int, data: bytes, cut: int
) -> None:
    answer = encode_reply(variant, Reply(packet_id, data))
    request = I2cRead(0x4C, len(data))
    assert read(variant, request, answer[:cut], answer[cut:]) == [Reply(packet_id, data)]


@pytest.mark.parametrize("code", Code)
@pytest.mark.parametrize("variant", Variant)
def test_an_error_is_told_at_once_where_its_length_betrays_it(variant: Variant, code: Code) -> None:
    answer = encode_reply(variant, Failure(7, code))
    assert read(variant, I2cRead(0x24, 2), answer) == [Failure(7, code)]
    assert read(variant, I2cWrite(0x24, b"\x01\x00"), answer) == [Failure(7, code)]
    assert read(variant, I2cFrequency(100_000), answer) == [Failure(7, code)]


def test_a_v0_error_where_four_bytes_are_expected_waits_for_silence() -> None:
    reader = ReplyReader(Variant.V0)
    reader.expect(I2cRead(0x24, 4))
    assert reader.feed(b"\x04\x00\x07\x10") == []
    assert reader.silence() == Failure(7, Code.TIMEOUT)


def test_four_bytes_that_begin_like_a_v0_error_are_data() -> None:
    data = bytes.fromhex("10000000")
    assert read(Variant.V0, I2cRead(0x24, 4), b"\x04\x00\x07" + data) == [Reply(7, data)]


def test_silence_drops_what_is_no_error() -> None:
    reader = ReplyReader(Variant.V0)
    reader.expect(I2cRead(0x24, 2))
    reader.feed(b"\x02\x00\x07\x10")
    assert reader.silence() is Garbage.UNFINISHED
    assert reader.silence() is None


def test_a_reply_that_is_too_long_is_thrown_away() -> None:
    assert read(Variant.TOTAL, I2cRead(0x24, 2), b"\xff\xff" + bytes(40)) == [Garbage.LENGTH]


@pytest.mark.parametrize("variant", Variant)
@pytest.mark.parametrize("rubbish", [b"\xff\xff\xff", b"\x00\xff\x01\x02\x03", bytes([255] * 300)])
def test_reads_each_reply_after_rubbish_before_the_request(
    variant: Variant, rubbish: bytes
) -> None:
    reader = ReplyReader(variant)
    reader.expect(GpioGet(0))
    reader.feed(rubbish)
    reader.expect(GpioGet(0))
    assert reader.feed(encode_reply(variant, Reply(9, b"\x01"))) == [Reply(9, b"\x01")]


@pytest.mark.parametrize("variant", Variant)
@given(data=st.binary(max_size=300))
def test_no_bytes_break_the_reader(variant: Variant, data: bytes) -> None:
    reader = ReplyReader(variant)
    reader.expect(I2cWriteRead(0x24, b"\x79", 2))
    reader.feed(data)
    reader.silence()
    assert reader.feed(encode_reply(variant, Reply(1, b"ab"))) == [Reply(1, b"ab")]


def test_v1_errors_carry_text() -> None:
    failure = Failure(3, Code.OTHER, "no such bus")
    assert read(Variant.V1, GpioGet(0), encode_reply(Variant.V1, failure)) == [failure]
    assert str(failure) == "other (code ff): no such bus"


def test_an_undocumented_code_is_told_by_number() -> None:
    assert str(Failure(3, 0x42)) == "error (code 42)"


def test_a_count_of_sixteen_bytes_written_is_no_timeout() -> None:
    answer = encode_reply(Variant.TOTAL, Reply(1, b"\x10"))
    assert read(Variant.TOTAL, I2cWrite(0x50, bytes(16)), answer) == [Reply(1, b"\x10")]


@pytest.mark.parametrize(
    ("answer", "variant"),
    [
        ("01002a01", Variant.V0),
        ("04002a00", Variant.TOTAL),
        ("05002a0001", Variant.V1),
        ("04002a11", None),
        ("05002a1100", None),
        ("01002b01", None),
        ("", None),
        ("01002a0100", None),
    ],
)
def test_detects_the_variant_by_a_gpio_read(answer: str, variant: Variant | None) -> None:
    assert detect_variant(0x2A, bytes.fromhex(answer)) is variant


def test_only_one_byte_of_the_total_variant_is_ambiguous() -> None:
    assert is_ambiguous(Variant.TOTAL, Reply(1, b"\x10"))
    assert not is_ambiguous(Variant.TOTAL, Reply(1, b"\x19"))
    assert not is_ambiguous(Variant.TOTAL, Reply(1, b"\x10\x00"))
    assert not is_ambiguous(Variant.V0, Reply(1, b"\x10"))


def test_knows_how_long_answers_are() -> None:
    assert data_lengths(I2cRead(0x4C, 6)) == {6}
    assert data_lengths(I2cWrite(0x4C, b"ab")) == {0, 1}
