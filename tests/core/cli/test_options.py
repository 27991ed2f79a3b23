"""Pools as repeated groups of flags, and addresses to listen on."""

import argparse

import pytest

from stampmill.core.cli import options
from stampmill.core.errors import UsageError
from stampmill.core.settings import PoolSettings


@pytest.fixture
def pools(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    parser = argparse.ArgumentParser()
    options.add_pool_options(parser)
    options.add_config_option(parser)

    def parse(*arguments: str) -> tuple[PoolSettings, ...]:
        return options.settings(parser.parse_args(arguments)).pools

    return parse


def test_each_url_begins_a_group_in_order(pools):
    assert pools("-o", "a:1", "-u", "me", "-p", "p", "-o", "b:2", "-u", "you") == (
        PoolSettings("a:1", "me", "p"),
        PoolSettings("b:2", "you"),
    )


def test_options_in_front_of_the_first_url_belong_to_it(pools):
    assert pools("-u", "me", "-o", "a:1") == (PoolSettings("a:1", "me"),)


def test_a_pool_without_user_does_not_take_the_next_ones(pools):
    first, second = pools("-o", "a:1", "-o", "b:2", "-u", "you")
    assert (first.user, second.user) == ("", "you")


def test_user_and_password_come_in_one(pools):
    assert pools("-o", "a:1", "-O", "me:with:colons") == (PoolSettings("a:1", "me", "with:colons"),)


def test_a_dialect_belongs_to_its_pool_alone(pools):
    first, second = pools(
        *("-o", "a:1", "--version-bits", "difference", "--extranonce-subscribe"),
        *("-o", "b:2", "--version-bits", "mask", "--minimum-difficulty", "2"),
    )
    assert (first.send_difference, first.extranonce_subscribe) == (True, True)
    assert (second.send_difference, second.extranonce_subscribe) == (False, False)
    assert (first.minimum_difficulty, second.minimum_difficulty) == (None, 2.0)


def test_pins_and_redirect_hosts_may_be_repeated(pools):
    pin, other = "cert:" + "0" * 64, "spki:" + "1" * 64
    first, second = pools(
        *("-o", "a:1", "--tls-pin", pin, "--tls-pin", other, "--redirect-host", "c"),
        *("-o", "b:2", "--tls-insecure", "--pool-proxy", "direct"),
    )
    assert (first.tls_pins, first.redirect_hosts) == ((pin, other), ("c",))
    assert (second.tls_pins, second.redirect_hosts, second.tls_insecure) == ((), (), True)


@pytest.fixture
def run(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    parser = argparse.ArgumentParser()
    options.add_pool_options(parser)
    options.add_connection_options(parser)
    options.add_config_option(parser)
    return lambda *arguments: options.settings(parser.parse_args(arguments))


def test_what_holds_for_all_connections_may_stand_anywhere(run):
    settings = run("-o", "a:1", "-x", "http://h:1", "--no-redirect", "-o", "b:2")
    assert [(pool.proxy, pool.redirect) for pool in settings.pools] == [("http://h:1", "never")] * 2


def test_egress_is_repeated(run):
    assert run("--egress", "a", "--egress", "10.0.0.0/8").egress == ("a", "10.0.0.0/8")


def test_an_unknown_rule_for_redirects_is_named(run):
    with pytest.raises(UsageError, match="redirect 'always': expected same-host or never or liste"):
        run("--redirect", "always")


def test_no_pool_option_gives_no_pool(pools):
    assert pools() == ()


def test_a_user_without_a_url_is_a_usage_error(pools):
    with pytest.raises(UsageError, match="without a URL"):
        pools("-u", "me")


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:3333", ("127.0.0.1", 3333)),
        (":0", ("127.0.0.1", 0)),
        ("3333", ("127.0.0.1", 3333)),
        ("[::1]:3333", ("::1", 3333)),
    ],
)
def test_an_address_to_listen_on_is_host_and_port(text, address):
    assert options.listen_address(text) == address


@pytest.mark.parametrize("text", ["", "host", "host:", "host:99999", "host:-1", "host:x"])
def test_an_unusable_address_is_named(text):
    with pytest.raises(UsageError, match="cannot listen on"):
        options.listen_address(text)
