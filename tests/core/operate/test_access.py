import pytest
from hypothesis import given
from hypothesis import strategies as st

from stampmill.core.errors import UsageError
from stampmill.core.operate.access import READ_HERE, Access, parse_access, token_matches


@pytest.mark.parametrize(
    ("address", "access"),
    [
        ("127.0.0.1", Access.WRITE),
        ("127.0.0.2", Access.READ),
        ("::ffff:127.0.0.1", Access.WRITE),
        ("10.1.2.3", Access.READ),
        ("11.0.0.1", Access.NONE),
        ("fe80::1%eth0", Access.WRITE),
        ("::1", Access.NONE),
        ("", Access.NONE),
    ],
)
def test_the_first_network_that_holds_an_address_decides(address: str, access: Access) -> None:
    listed = parse_access("W:127.0.0.1, 127.0.0.0/8,R:10.0.0.0/8,w:fe80::/10")
    assert listed.of(address) is access


def test_this_machine_alone_may_read_by_default() -> None:
    here = parse_access(READ_HERE)
    assert [here.of(each) for each in ("127.0.0.1", "::1")] == [Access.READ] * 2
    assert here.of("192.168.1.2") is Access.NONE


def test_every_ipv4_address_can_be_named_as_cgminer_has_it() -> None:
    assert parse_access("R:0/0").of("8.8.8.8") is Access.READ


@pytest.mark.parametrize("text", ["X:127.0.0.1", "W:host", "R:10.0.0.0/64", "W:"])
def test_an_entry_that_is_none_is_named(text: str) -> None:
    with pytest.raises(UsageError, match=f"'{text}'"):
        parse_access(f"R:127.0.0.1,{text}")


@given(st.text(), st.text())
def test_a_token_matches_itself_alone(one: str, other: str) -> None:
    assert token_matches(one, one)
    assert token_matches(one, other) is (one == other)
