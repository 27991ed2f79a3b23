"""Who may be connected to: names whole, addresses by number, networks above names."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stampmill.core.errors import UsageError
from stampmill.pool.egress import Egress, normal_host
from stampmill.pool.transport.faults import ConnectFault, EgressRefusedError


def passes_host(egress: Egress, host: str) -> bool:
    try:
        egress.check_host(host)
    except EgressRefusedError:
        return False
    return True


def passes_address(egress: Egress, address: str) -> bool:
    try:
        egress.check_address(address)
    except EgressRefusedError:
        return False
    return True


@pytest.mark.parametrize(
    ("host", "passes"),
    [
        ("pool.example", True),
        ("POOL.example.", True),
        ("evil.pool.example", False),
        ("example", False),
        ("pool.example.evil", False),
        ("192.0.2.1", True),
        ("::ffff:192.0.2.1", True),
        ("192.0.2.2", False),
        ("[2001:DB8::1]", True),
        ("2001:db8:0::1", True),
        ("2001:db8::2", False),
        ("192.0.2.01", False),
        ("", False),
    ],
)
def test_hosts_are_compared_whole_and_addresses_by_number(host: str, passes: bool) -> None:
    assert passes_host(Egress(["Pool.Example", "192.0.2.1", "2001:db8::1"]), host) is passes


def test_without_networks_dns_is_trusted() -> None:
    assert passes_address(Egress(["pool.example"]), "203.0.113.9")


def test_with_networks_a_listed_name_must_resolve_into_one() -> None:
    egress = Egress(["pool.example", "10.0.0.0/8", "fd00::/8"])
    assert passes_host(egress, "pool.example")
    assert not passes_host(egress, "other.example")
    for address, passes in {
        "10.9.8.7": True, "::ffff:10.9.8.7": True, "fd00::1%eth0": True,
        "11.0.0.1": False, "fe80::1": False, "not an address": False,
    }.items():  # fmt: skip
        assert passes_address(egress, address) is passes, address


def test_an_address_in_a_network_needs_no_entry_of_its_own() -> None:
    egress = Egress(["pool.example", "10.0.0.0/8"])
    assert passes_host(egress, "10.1.2.3")
    assert not passes_host(egress, "11.1.2.3")


def test_a_listed_address_is_not_a_network_that_binds_the_names() -> None:
    egress = Egress(["pool.example", "192.0.2.1"])
    assert passes_address(egress, "203.0.113.9")
    both = Egress(["pool.example", "192.0.2.1", "10.0.0.0/8"])
    assert passes_address(both, "192.0.2.1")
    assert not passes_address(both, "192.0.2.2")


def test_networks_alone_let_every_name_try_its_addresses() -> None:
    egress = Egress(["10.0.0.0/8"])
    assert passes_host(egress, "any.example")
    assert not passes_address(egress, "192.0.2.1")


def test_a_name_that_a_proxy_resolves_must_be_listed_itself() -> None:
    with pytest.raises(EgressRefusedError, match="resolved by the proxy"):
        Egress(["10.0.0.0/8"]).check_unresolved("pool.example")
    Egress(["10.0.0.0/8", "pool.example"]).check_unresolved("pool.example")
    Egress(["10.0.0.0/8"]).check_unresolved("10.0.0.1")


def test_each_refusal_is_counted_and_told() -> None:
    told: list[str] = []
    egress = Egress(["pool.example"], told.append)
    assert not passes_host(egress, "evil.example")
    assert not passes_host(egress, "evil.example")
    assert egress.refusals == 2
    assert told == ["evil.example is not among the hosts that this miner may connect to"] * 2


def test_a_refusal_has_its_name() -> None:
    with pytest.raises(EgressRefusedError) as caught:
        Egress([]).check_host("pool.example")
    assert caught.value.fault is ConnectFault.EGRESS_REFUSED


@pytest.mark.parametrize(
    "entry",
    ["", "*.example", "pool.example:3333", "pool example", "10.0.0.1/8", "10.0.0.0/33",
     "http://pool.example", "pool.example/8", "a..b", "x" * 64],
)  # fmt: skip
def test_an_entry_that_is_neither_is_named(entry: str) -> None:
    with pytest.raises(UsageError, match="an egress entry is") as caught:
        Egress([entry])
    assert repr(entry) in str(caught.value)


def test_a_list_that_leaves_out_a_configured_host_is_a_wrong_call() -> None:
    with pytest.raises(UsageError, match="add egress pool.example"):
        Egress(["10.0.0.0/8", "node.example"]).require(["node.example", "pool.example"])
    egress = Egress(["10.0.0.0/8"])
    egress.require(["pool.example", "10.0.0.1"])
    assert egress.refusals == 0


@given(st.ip_addresses(), st.ip_addresses(v=4), st.integers(0, 32))
def test_a_network_holds_exactly_its_addresses(address, base, length) -> None:
    network = ipaddress.ip_network((base, length), strict=False)
    egress = Egress([str(network)])
    plain = getattr(address, "ipv4_mapped", None) or address
    assert passes_address(egress, str(address)) is (plain in network)
    assert passes_host(egress, str(address)) is (plain in network)


@given(st.ip_addresses())
def test_an_address_has_one_normal_form(address) -> None:
    assert normal_host(str(address)) == normal_host(f"[{address.exploded}]")
