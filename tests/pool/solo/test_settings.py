"""Node URLs, credentials, and whole configurations of mining alone."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stampmill.core.errors import UsageError
from stampmill.core.settings import MineSettings, PoolSettings, SoloSettings
from stampmill.pool.solo.block_folder import default_folder
from stampmill.pool.solo.credentials import Credentials, choose
from stampmill.pool.solo.errors import NodeBusyError
from stampmill.pool.solo.node_url import NodeAddress, needs_node, parse_node_url
from stampmill.pool.solo.setup import solo_source

ADDRESS = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"
LOCAL = NodeAddress("http", "127.0.0.1", 8332)


def settings(*urls: str, address: str | None = ADDRESS, **more: str) -> MineSettings:
    pools = tuple(PoolSettings(url) for url in urls)
    return MineSettings(pools=pools, solo=SoloSettings(address, **more))


@pytest.mark.parametrize(
    ("url", "address", "shown"),
    [
        ("http://me:s3%40cret@node.lan:8332",
         NodeAddress("http", "node.lan", 8332, "/", "me", "s3@cret"), "http://node.lan:8332"),
        ("HTTPS://[::1]:18443/rpc", NodeAddress("https", "::1", 18443, "/rpc"),
         "https://[::1]:18443/rpc"),
        ("http://127.0.0.1:8332/", LOCAL, "http://127.0.0.1:8332"),
        ("http://__cookie__:ab:cd@h:1", NodeAddress("http", "h", 1, "/", "__cookie__", "ab:cd"),
         "http://h:1"),
    ],
)  # fmt: skip
def test_a_node_url_is_read_and_shown_without_credentials(
    url: str, address: NodeAddress, shown: str
) -> None:
    assert parse_node_url(url) == address
    assert str(address) == shown


@pytest.mark.parametrize(
    "url",
    [
        "http://node", "http://:8332", "http://node:0", "http://node:99999", "http://node:x",
        "http://", "http://u:geheim@node", "http://u:ge#heim@node:1", "http://u:ge?heim@node:1",
        "http://u:ge/heim@node:1", "http://[::1:8332", "http://u:geheim @node:1",
        "http://node:1/\n",
    ],
)  # fmt: skip
def test_what_is_no_node_url_is_refused_without_showing_a_password(url: str) -> None:
    with pytest.raises(UsageError, match="a node is written") as error:
        parse_node_url(url)
    assert "heim" not in str(error.value)
    assert "\n" not in str(error.value)


@given(st.text(max_size=40))
def test_any_url_is_read_or_a_usage_error(text: str) -> None:
    with suppress(UsageError):
        assert parse_node_url("http://" + text).port > 0


def test_passwords_are_not_in_a_repr() -> None:
    assert "s3cret" not in repr(parse_node_url("http://u:s3cret@h:1"))
    assert "s3cret" not in repr(Credentials("u", "s3cret"))


def test_credentials_set_apart_go_before_those_of_the_url(tmp_path: Path) -> None:
    address = parse_node_url("http://a:b@127.0.0.1:8332")
    assert choose(address, "", "", None, tmp_path) == Credentials("a", "b")
    assert choose(address, "c", "d", None, tmp_path) == Credentials("c", "d")
    cookie = choose(address, "c", "d", "~/x/.cookie", tmp_path).cookie
    assert cookie == Path.home() / "x/.cookie"


@pytest.mark.parametrize(("port", "folder"), [(8332, "."), (18443, "regtest"), (48332, "testnet4")])
def test_a_local_cores_cookie_is_found_by_its_port(tmp_path: Path, port: int, folder: str) -> None:
    cookie = tmp_path / ".bitcoin" / folder / ".cookie"
    cookie.parent.mkdir(parents=True)
    cookie.write_text("__cookie__:ab")
    local = NodeAddress("http", "127.0.0.1", port)
    assert choose(local, "", "", None, tmp_path).header() == "Basic X19jb29raWVfXzphYg=="
    # It never goes to another machine.
    assert choose(NodeAddress("http", "10.0.0.1", port), "", "", None, tmp_path).header() is None


def test_without_any_credentials_none_are_sent(tmp_path: Path) -> None:
    assert choose(LOCAL, "", "", None, tmp_path).header() is None


@pytest.mark.parametrize("content", ["", "no colon", "a:b\nc:d", "x:" + "y" * 2000])
def test_a_file_that_is_no_cookie_is_not_sent(tmp_path: Path, content: str) -> None:
    cookie = tmp_path / "cookie"
    cookie.write_text(content)
    with pytest.raises(NodeBusyError, match="no cookie file"):
        Credentials(cookie=cookie).header()


def test_a_cookie_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(NodeBusyError, match="is the node running"):
        Credentials(cookie=tmp_path / "none").header()


def test_runs_that_need_a_node_are_told_apart() -> None:
    assert needs_node(settings("http://h:1"))
    assert needs_node(settings("HTTPS://h:1", "http://i:1"))
    assert needs_node(settings("stratum+tcp://h:1", "http://i:1"))
    assert not needs_node(settings("stratum+tcp://h:1", address=None))
    assert not needs_node(settings(address=None))


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (settings("http://h:1", address=None), "--coinbase-addr"),
        (settings("stratum+tcp://h:1", "http://h:1", address=None), "--coinbase-addr"),
        (settings("stratum+tcp://h:1"), "add a node"),
        (settings(), "add a node"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(said: MineSettings, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        needs_node(said)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (settings("http://h:1", address="nobody"), "'nobody' is no payout address"),
        (settings("http://h:1", chain="regtest"), "no address of chain regtest"),
        (settings("http://h:1", signature="x" * 99), "--coinbase-sig"),
        (settings("http://h"), "a node is written"),
        (MineSettings((PoolSettings("http://h:1", proxy="socks5h://p:1"),),
                      solo=SoloSettings(ADDRESS)), "pool-proxy direct"),
        (MineSettings((PoolSettings("https://h:1", tls_pins=("cert:00",)),),
                      solo=SoloSettings(ADDRESS)), "tls-pin"),
        (MineSettings((PoolSettings("https://h:1", tls_ca="/nonexistent"),),
                      solo=SoloSettings(ADDRESS)), "nonexistent"),
        (MineSettings((PoolSettings("http://h:1"),), egress=("other",),
                      solo=SoloSettings(ADDRESS)), "h is not among"),
    ],
)  # fmt: skip
def test_settings_that_cannot_be_meant_are_refused_before_anything_is_connected(
    tmp_path: Path, said: MineSettings, words: str
) -> None:
    with pytest.raises(UsageError, match=words) as error:
        solo_source(said, home=tmp_path, environ={})
    assert "\n" not in str(error.value)


def test_found_blocks_go_to_the_state_folder(tmp_path: Path) -> None:
    expected = tmp_path / ".local/state/stampmill/blocks"
    assert default_folder({}, tmp_path) == expected
    assert default_folder({"XDG_STATE_HOME": "/s"}, tmp_path) == Path("/s/stampmill/blocks")
