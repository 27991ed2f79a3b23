from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stampmill.core.backends.asic.wire.replies import NonceReply, RegisterReply, decode_reply
from tests.core.backends.asic.vectors import cases


@cases("response_frame")
def test_every_reply_of_the_vectors_both_ways(case: dict[str, Any]) -> None:
    frame, fields = bytes.fromhex(case["hex"]), case.get("fields")
    reply = decode_reply(frame)
    if not case["valid"]:
        assert reply is None
        return
    assert reply is not None
    assert reply.encode() == frame
    if isinstance(reply, NonceReply):
        assert fields["type"] == 4
        assert reply.nonce.hex() == fields["nonce_bytes"]
        version = None if reply.version is None else f"{reply.version:04x}"
        assert version == fields.get("version_field")
    else:
        assert fields["type"] == 0
        assert f"{reply.value:08x}" == fields["value"]
        assert (reply.address, f"{reply.register:02x}") == (fields["chip_addr"], fields["reg"])


@given(
    st.binary(min_size=4, max_size=4),
    st.integers(0, 0xFFFF),
    st.none() | st.integers(0, 0xFFFF),
)
def test_a_nonce_comes_back(nonce: bytes, chunk: int, version: int | None) -> None:
    reply = NonceReply(nonce, chunk, version)
    frame = reply.encode()
    assert len(frame) == (9 if version is None else 11)
    assert decode_reply(frame) == reply


@given(
    st.integers(0, 2**32 - 1),
    st.integers(0, 255),
    st.integers(0, 255),
    st.sampled_from((b"", b"\x00\x00", b"\xaa\x55")),
)
def test_a_register_value_comes_back(value: int, address: int, register: int, extra: bytes) -> None:
    reply = RegisterReply(value, address, register, extra)
    assert decode_reply(reply.encode()) == reply


@pytest.mark.parametrize("kind", [1, 2, 3, 5, 6, 7])
def test_an_unknown_type_is_no_reply(kind: int) -> None:
    body = bytes(8)
    frames = [b"\xaa\x55" + body + bytes((kind << 5 | crc,)) for crc in range(32)]
    assert [decode_reply(frame) for frame in frames] == [None] * 32
