import struct
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stampmill.core.chain import sha256d
from stampmill.core.errors import EncodingError
from tests.core.vectors import VECTORS, Vector, named


def words(state: sha256d.State) -> bytes:
    return struct.pack(">8I", *state)


@pytest.mark.parametrize("vector", named("headers"))
def test_midstate_of_a_known_header(vector: Vector) -> None:
    header = bytes.fromhex(vector["header"])
    assert words(sha256d.midstate(header[:64])).hex() == vector["midstate"]


@pytest.mark.parametrize("vector", named("midstates", "source"))
def test_midstate_of_a_published_first_block(vector: Vector) -> None:
    block = bytes.fromhex(vector["first_64_header_bytes"])
    assert words(sha256d.midstate(block)).hex() == vector["midstate_words"]


@given(st.binary(max_size=55))
def test_compressing_one_padded_block_is_sha256(message: bytes) -> None:
    padding = b"\x80" + bytes(55 - len(message)) + (8 * len(message)).to_bytes(8, "big")
    block = struct.unpack(">16I", message + padding)
    assert words(sha256d.compress(sha256d.INITIAL_STATE, block)) == sha256(message).digest()


@given(st.binary(min_size=80, max_size=80))
def test_a_midstate_and_the_rest_of_the_header_make_its_sha256(header: bytes) -> None:
    padding = b"\x80" + bytes(39) + (8 * 80).to_bytes(8, "big")
    rest = struct.unpack(">16I", header[64:] + padding)
    state = sha256d.compress(sha256d.midstate(header[:64]), rest)
    assert words(state) == sha256(header).digest()


def test_sha256d_of_the_genesis_header_is_its_block_hash() -> None:
    genesis = VECTORS["headers"][0]
    assert sha256d.sha256d(bytes.fromhex(genesis["header"]))[::-1].hex() == genesis["hash"]


@pytest.mark.parametrize("size", [0, 63, 65, 80])
def test_a_midstate_wants_64_bytes(size: int) -> None:
    with pytest.raises(EncodingError, match=f"not {size}"):
        sha256d.midstate(bytes(size))
