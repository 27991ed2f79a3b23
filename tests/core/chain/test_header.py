import pytest
from hypothesis import given
from hypothesis import strategies as st

from stampmill.core.chain.header import Header, display, with_nonce, with_version
from stampmill.core.errors import EncodingError
from tests.core.vectors import Vector, named

uint32 = st.integers(0, 0xFFFFFFFF)
hashes = st.binary(min_size=32, max_size=32)
headers = st.builds(Header, uint32, hashes, hashes, uint32, uint32, uint32)

known_headers = pytest.mark.parametrize("vector", named("headers"))


@known_headers
def test_a_known_header_is_read_field_by_field(vector: Vector) -> None:
    header = Header.from_bytes(bytes.fromhex(vector["header"]))
    assert header == Header(
        version=int(vector["version"], 16),
        previous_hash=bytes.fromhex(vector["previousblockhash"])[::-1],
        merkle_root=bytes.fromhex(vector["merkleroot"])[::-1],
        ntime=vector["time"],
        nbits=int(vector["bits"], 16),
        nonce=vector["nonce"],
    )


@known_headers
def test_a_known_header_hashes_to_its_block_hash(vector: Vector) -> None:
    header = Header.from_bytes(bytes.fromhex(vector["header"]))
    assert display(header.hash()) == vector["hash"]


@known_headers
def test_a_known_header_is_written_as_it_was_read(vector: Vector) -> None:
    raw = bytes.fromhex(vector["header"])
    assert Header.from_bytes(raw).to_bytes() == raw


@given(headers)
def test_a_written_header_reads_back(header: Header) -> None:
    raw = header.to_bytes()
    assert len(raw) == 80
    assert Header.from_bytes(raw) == header


@given(headers, uint32, uint32)
def test_nonce_and_version_can_be_replaced_in_the_bytes(
    header: Header, nonce: int, version: int
) -> None:
    raw = with_nonce(with_version(header.to_bytes(), version)[:76], nonce)
    changed = Header.from_bytes(raw)
    assert (changed.nonce, changed.version) == (nonce, version)
    assert changed.merkle_root == header.merkle_root
    assert changed.ntime == header.ntime


@pytest.mark.parametrize("field", ["version", "ntime", "nbits", "nonce"])
@pytest.mark.parametrize("value", [-1, 1 << 32])
def test_an_integer_out_of_range_is_refused(field: str, value: int) -> None:
    fields = {"version": 1, "ntime": 2, "nbits": 3, "nonce": 4, field: value}
    header = Header(previous_hash=bytes(32), merkle_root=bytes(32), **fields)
    with pytest.raises(EncodingError, match="out of range"):
        header.to_bytes()


@pytest.mark.parametrize("sizes", [(31, 32), (33, 32), (32, 31), (32, 33), (0, 64)])
def test_a_hash_of_another_length_is_refused(sizes: tuple[int, int]) -> None:
    previous_hash, merkle_root = map(bytes, sizes)
    with pytest.raises(EncodingError, match="32 bytes"):
        Header(1, previous_hash, merkle_root, 2, 3).to_bytes()


@pytest.mark.parametrize("size", [0, 76, 79, 81])
def test_a_header_of_another_length_is_refused(size: int) -> None:
    with pytest.raises(EncodingError, match=f"not {size}"):
        Header.from_bytes(bytes(size))
