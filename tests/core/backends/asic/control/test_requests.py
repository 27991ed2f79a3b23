from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stampmill.core.backends.asic.control.requests import (
    AdcChannel,
    AdcRead,
    GpioGet,
    GpioSet,
    I2cFrequency,
    I2cRead,
    I2cWrite,
    I2cWriteRead,
    LedSet,
    Packet,
    Raw,
    Request,
    RequestReader,
    Unparsable,
    decode_request,
    encode_request,
)
from stampmill.core.errors import EncodingError
from tests.core.backends.asic.vectors import cases, section

TYPED: dict[str, Request] = {
    "br-i2c-400k": I2cFrequency(400_000),
    "br-i2c-100k": I2cFrequency(100_000),
    "br-i2c-write": I2cWrite(0x4F, b"\xde"),
    "br-i2c-read": I2cRead(0x4C, 1),
    "br-gpio0-low": GpioSet(0, False),
    "br-gpio0-high": GpioSet(0, True),
    "br-adc-vdd": AdcRead(AdcChannel.VDD),
    "br-led": LedSet(255, 0, 255),
    "br-fan-50": Raw(0x09, 0x10, b"\x32"),
    "br-reboot": Raw(0x09, 0x01, bytes.fromhex("deadbeef")),
    "br-emc-4c-3f": I2cWrite(0x4C, b"\x4c\x3f"),
    "br-emc-4a-23": I2cWrite(0x4C, b"\x4a\x23"),
    "br-emc-03-04": I2cWrite(0x4C, b"\x03\x04"),
}
PACKETS = [bytes.fromhex(case["request"]) for case in section("bitaxe_raw")]

byte = st.integers(0, 255)
short = st.binary(max_size=32)
requests = st.one_of(
    st.builds(I2cFrequency, st.integers(0, 2**32 - 1)),
    st.builds(I2cWrite, byte, short),
    st.builds(I2cRead, byte, byte),
    st.builds(I2cWriteRead, byte, short, byte),
    st.builds(GpioSet, byte, st.booleans()),
    st.builds(GpioGet, byte),
    st.builds(AdcRead, st.sampled_from(AdcChannel)),
    st.builds(LedSet, byte, byte, byte),
)


@cases("bitaxe_raw")
def test_encodes_each_vector(case: dict[str, Any]) -> None:
    encoded = encode_request(case["fields"]["id"], TYPED[case["id"]])
    assert encoded.hex() == case["request"]


@cases("bitaxe_raw")
def test_decodes_each_vector_to_its_type(case: dict[str, Any]) -> None:
    packet = decode_request(bytes.fromhex(case["request"]))
    assert packet == Packet(case["fields"]["id"], TYPED[case["id"]])


def test_every_vector_has_a_type_here() -> None:
    assert set(TYPED) == {case["id"] for case in section("bitaxe_raw")}


@given(byte, requests)
def test_what_is_encoded_comes_back(packet_id: int, request: Request) -> None:
    assert decode_request(encode_request(packet_id, request)) == Packet(packet_id, request)


def test_reads_all_vectors_byte_by_byte() -> None:
    reader = RequestReader()
    found = [event for value in b"".join(PACKETS) for event in reader.feed(bytes([value]))]
    assert found == [decode_request(packet) for packet in PACKETS]
    assert not reader.partial


def test_reads_all_vectors_at_once() -> None:
    assert RequestReader().feed(b"".join(PACKETS)) == [decode_request(p) for p in PACKETS]


@pytest.mark.parametrize("packet", PACKETS, ids=bytes.hex)
def test_finds_each_vector_behind_a_partial_one_and_silence(packet: bytes) -> None:
    reader = RequestReader()
    assert reader.feed(packet[:-1]) == []
    assert reader.expired() is Unparsable.PARTIAL
    assert reader.feed(packet) == [decode_request(packet)]


@pytest.mark.parametrize("rubbish", [b"\x00\x00", b"\x05\x00\x01", b"\xff\xff\xff\xff"])
def test_rubbish_with_an_impossible_length_is_dropped(rubbish: bytes) -> None:
    reader = RequestReader()
    assert reader.feed(rubbish) == [Unparsable.LENGTH]
    assert reader.feed(PACKETS[0]) == [decode_request(PACKETS[0])]


def test_nothing_partial_does_not_expire() -> None:
    assert RequestReader().expired() is None


@given(st.binary(max_size=600))
def test_no_bytes_break_the_reader_or_stay_for_ever(data: bytes) -> None:
    reader = RequestReader()
    reader.feed(data)
    reader.expired()
    assert reader.feed(PACKETS[0]) == [decode_request(PACKETS[0])]


@pytest.mark.parametrize(
    "request_",
    [
        I2cWrite(0x100, b""),
        I2cRead(0x4C, 256),
        GpioSet(256, True),
        I2cFrequency(-1),
        I2cWrite(1, bytes(250)),
        LedSet(0, 0, 256),
    ],
    ids=str,
)
def test_refuses_what_no_packet_can_hold(request_: Request) -> None:
    with pytest.raises(EncodingError, match="control request"):
        encode_request(1, request_)


def test_malformed_data_decodes_as_raw() -> None:
    packet = bytes.fromhex("0800010005100102")
    assert decode_request(packet) == Packet(1, Raw(5, 0x10, b"\x01\x02"))
