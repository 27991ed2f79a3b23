import pytest
from hypothesis import given
from hypothesis import strategies as st

from stampmill.core.versions import RolledVersions

BIP320 = tuple(1 << position for position in range(13, 29))
WHOLE = RolledVersions(0x20000000, BIP320, range(65_536))


def test_all_versions_of_bip320_take_no_room() -> None:
    assert len(WHOLE) == 65_536
    assert WHOLE[0] == 0x20000000
    assert WHOLE[-1] == 0x3FFFE000
    assert WHOLE[0x05A2] == 0x20B44000  # what a BM1370 reports as 05A2
    assert len(set(WHOLE)) == 65_536


@given(st.integers(0, 65_535), st.integers(0, 2**32 - 1))
def test_a_version_belongs_if_it_is_one_of_them(index: int, version: int) -> None:
    assert WHOLE[index] in WHOLE
    assert (version in WHOLE) == (version & ~0x1FFFE000 == 0x20000000)


@given(st.integers(0, 65_536), st.integers(0, 65_536))
def test_a_part_holds_its_own_only(first: int, last: int) -> None:
    part = WHOLE[first:last]
    assert isinstance(part, RolledVersions)
    assert len(part) == max(last - first, 0)
    for index in (first - 1, first, last - 1, last):
        if 0 <= index < 65_536:
            assert (WHOLE[index] in part) == (first <= index < last)


def test_bits_of_the_jobs_own_stay_set() -> None:
    versions = RolledVersions(0x20006000, BIP320[2:], range(4))
    assert [f"{version:08x}" for version in versions] == [
        "20006000", "2000e000", "20016000", "2001e000",
    ]  # fmt: skip
    assert 0x20000000 not in versions
    assert "20006000" not in versions


def test_equal_ones_are_equal() -> None:
    same = RolledVersions(0x20000000, BIP320, range(65_536))
    assert same == WHOLE
    assert hash(same) == hash(WHOLE)
    assert WHOLE[1:] != WHOLE
    assert tuple(WHOLE) != WHOLE
    assert "0x1fffe000" in repr(WHOLE)


@pytest.mark.parametrize("index", [65_536, -65_537])
def test_no_index_leads_outside(index: int) -> None:
    with pytest.raises(IndexError):
        WHOLE[index]
