"""Settings from file, environment and flags: precedence, pools, errors that name their place."""

from pathlib import Path

import pytest

from stampmill.core import config
from stampmill.core.config import Layer
from stampmill.core.errors import UsageError
from stampmill.core.settings import (
    AsicSettings,
    GpuSettings,
    MineSettings,
    PoolSettings,
    SoloSettings,
    Timeouts,
)


def load(flags=(), pools=(), environ=(), file=None):
    return config.load(Layer("command line", dict(flags), pools), dict(environ), file)


@pytest.fixture
def toml(tmp_path):
    def write(text: str) -> Path:
        path = tmp_path / "config.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_nothing_said_gives_the_defaults_and_no_pool():
    assert load() == MineSettings()


def test_flags_win_over_environment_and_environment_over_file(toml):
    file = toml("threads = 2\nretries = 5\ntime-limit = 9")
    settings = load(
        {"threads": "8"}, environ={"STAMPMILL_THREADS": "4", "STAMPMILL_RETRIES": "6"}, file=file
    )
    assert (settings.threads, settings.retry.retries, settings.time_limit) == (8, 6, 9.0)


def test_scan_threads_give_way_unless_told_to_take_turns(toml):
    assert load().cpu_priority == "idle"
    file = toml('cpu-priority = "normal"')
    assert load(file=file).cpu_priority == "normal"
    said = {"STAMPMILL_CPU_PRIORITY": "idle"}
    assert load(environ=said, file=file).cpu_priority == "idle"
    assert load({"cpu-priority": "normal"}, environ=said).cpu_priority == "normal"


def test_pool_tables_keep_their_order(toml):
    file = toml('[[pool]]\nurl = "a:1"\nuser = "x"\n[[pool]]\nurl = "b:2"\npass = "y"')
    assert load(file=file).pools == (
        PoolSettings("a:1", "x"),
        PoolSettings("b:2", "", "y"),
    )


def test_the_address_that_a_pool_has_to_pay_is_its_own():
    pools = [{"url": "a:1", "coinbase-check-addr": "bc1q"}, {"url": "b:2"}]
    assert [pool.check_address for pool in load(pools=pools).pools] == ["bc1q", None]


def test_credentials_of_one_pool_never_reach_a_url_given_elsewhere(toml):
    file = toml('[[pool]]\nurl = "home:1"\nuser = "me"\npass = "secret"')
    settings = load(pools=[{"url": "other:2"}], file=file)
    assert settings.pools == (PoolSettings("other:2"),)


def test_a_password_in_the_environment_completes_the_pool_of_the_file(toml):
    file = toml('[[pool]]\nurl = "home:1"\nuser = "me"')
    settings = load(environ={"STAMPMILL_PASS": "secret"}, file=file)
    assert settings.pools == (PoolSettings("home:1", "me", "secret"),)


def test_each_pool_says_how_its_dialect_is_spoken(toml):
    file = toml(
        '[[pool]]\nurl = "a:1"\nversion-bits = "difference"\nextranonce-subscribe = true\n'
        'minimum-difficulty = 8\n[[pool]]\nurl = "b:2"'
    )
    first, second = load(file=file).pools
    assert (first.send_difference, first.extranonce_subscribe) == (True, True)
    assert first.minimum_difficulty == 8.0
    assert second == PoolSettings("b:2")


def test_an_unknown_way_to_send_version_bits_is_named():
    with pytest.raises(UsageError, match="version-bits 'xor': expected mask or difference"):
        load(pools=[{"url": "a:1", "version-bits": "xor"}])


def test_an_empty_password_is_a_password():
    assert load(pools=[{"url": "a:1", "pass": ""}]).pools[0].password == ""


@pytest.mark.parametrize(
    "said", [{"user": "me"}, {"pass": "x"}, {"suggest-difficulty": "1"}], ids=str
)
def test_a_pool_setting_without_a_url_is_an_error_not_a_demo(said):
    with pytest.raises(UsageError, match="without a URL"):
        load(pools=[said])


@pytest.mark.parametrize(
    ("flags", "text"),
    [
        ({"threads": "many"}, "command line: threads 'many': expected int"),
        ({"threads": "0"}, "threads '0': expected int >= 1"),
        ({"time-limit": "-1"}, "time-limit '-1': expected float > 0"),
        ({"cpu-affinity": "maybe"}, "cpu-affinity 'maybe': expected auto or off"),
        ({"cpu-priority": "2"}, "cpu-priority '2': expected idle or normal"),
        ({"algo": "scrypt"}, "algo 'scrypt': expected sha256d"),
        ({"time-limit": "nan"}, "time-limit 'nan'"),
    ],
)
def test_an_unusable_value_is_named_with_what_was_expected(flags, text):
    with pytest.raises(UsageError) as caught:
        load(flags)
    assert text in str(caught.value)


def test_a_misspelt_key_of_the_file_is_named_with_the_right_one(toml):
    with pytest.raises(UsageError, match=r"config\.toml: unknown setting 'thread'; .*'threads'"):
        load(file=toml("thread = 2"))


def test_a_misspelt_variable_does_not_start_a_demo():
    with pytest.raises(UsageError, match="environment: unknown setting 'urll'.*'url'"):
        load(environ={"STAMPMILL_URLL": "a:1"})


def test_an_unusable_password_is_never_shown(toml):
    file = toml('[[pool]]\nurl = "a:1"\npass = 123456')
    with pytest.raises(UsageError) as caught:
        load(file=file)
    assert "123456" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"threads = ", "is not TOML"),
        (b"\xff\xfe", "is not TOML"),
        (b'[pool]\nurl = "a:1"', "two brackets"),
        (b"pool = 3", "two brackets"),
        (b'[[pool]]\nurl = ["a"]', "url ['a']: expected str"),
        (b"[threads]\nx = 1", "threads"),
    ],
)
def test_a_broken_file_is_one_clear_line(tmp_path, content, text):
    path = tmp_path / "config.toml"
    path.write_bytes(content)
    with pytest.raises(UsageError) as caught:
        load(file=path)
    assert text in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UsageError, match="cannot read .*nowhere"):
        load(file=tmp_path / "nowhere")


def test_the_default_file_is_found_by_variable_and_in_the_configuration_folder(tmp_path):
    assert config.default_path({"XDG_CONFIG_HOME": str(tmp_path)}) is None
    file = tmp_path / "stampmill" / "config.toml"
    file.parent.mkdir()
    file.touch()
    assert config.default_path({"XDG_CONFIG_HOME": str(tmp_path)}) == file
    assert config.default_path({"STAMPMILL_CONFIG": "x.toml"}) == Path("x.toml")


# Connections.


def test_lists_are_arrays_repeated_flags_or_parted_by_commas(toml):
    file = toml('egress = ["a", "10.0.0.0/8"]\n[[pool]]\nurl = "a:1"\ntls-pin = ["cert:1"]')
    assert load(file=file).egress == ("a", "10.0.0.0/8")
    assert load(file=file).pools[0].tls_pins == ("cert:1",)
    assert load({"egress": ["b", "c"]}, file=file).egress == ("b", "c")
    environ = {"STAMPMILL_EGRESS": "d, e,", "STAMPMILL_TLS_PIN": "spki:2,spki:3"}
    assert load(environ=environ, file=file).egress == ("d", "e")
    assert load(environ=environ, file=file).pools[0].tls_pins == ("spki:2", "spki:3")


def test_a_list_of_other_things_is_named():
    with pytest.raises(UsageError, match=r"egress \[1\]: expected str"):
        load({"egress": [1]})


def test_the_proxy_is_that_of_all_pools_but_those_with_their_own():
    pools = [
        {"url": "a:1"},
        {"url": "b:2", "pool-proxy": "http://h:2"},
        {"url": "c:3", "pool-proxy": "direct"},
    ]
    settings = load({"proxy": "socks5h://h:1"}, pools)
    assert [pool.proxy for pool in settings.pools] == ["socks5h://h:1", "http://h:2", None]


def test_a_proxy_in_the_environment_is_that_of_every_pool(toml):
    file = toml('[[pool]]\nurl = "a:1"\n[[pool]]\nurl = "b:2"')
    settings = load(environ={"STAMPMILL_PROXY": "socks5h://h:1"}, file=file)
    assert [pool.proxy for pool in settings.pools] == ["socks5h://h:1"] * 2


def test_a_rule_for_redirects_is_that_of_all_pools_and_hosts_are_each_pools_own():
    pools = [{"url": "a:1", "redirect-host": ["c"]}, {"url": "b:2"}]
    settings = load({"redirect": "listed"}, pools)
    assert [pool.redirect for pool in settings.pools] == ["listed"] * 2
    assert [pool.redirect_hosts for pool in settings.pools] == [("c",), ()]
    assert load(pools=pools).pools[0].redirect == "same-host"


def test_tls_settings_belong_to_their_pool():
    pools = [{"url": "a:1", "tls-ca": "ca.pem"}, {"url": "b:2", "tls-insecure": "true"}]
    first, second = load(pools=pools).pools
    assert (first.tls_ca, first.tls_insecure) == ("ca.pem", False)
    assert (second.tls_ca, second.tls_insecure) == (None, True)


def test_timeouts_and_the_audit_log_are_the_runs():
    said = {"connect-timeout": "3", "answer-timeout": "4", "silence-timeout": "5.5"}
    settings = load(said | {"audit-log": "audit.jsonl"})
    assert settings.timeouts == Timeouts(3, 4, 5.5)
    assert settings.audit_log == Path("audit.jsonl")
    assert load().timeouts == Timeouts(15, 30, 150)


def test_a_line_is_lost_after_twice_its_keep_alive_unless_said_otherwise(toml):
    assert (load().timeouts.keep_alive, load().timeouts.unacknowledged) == (30, 60)
    assert load({"keep-alive": "5"}).timeouts == Timeouts(keep_alive=5, unacknowledged=10)
    file = toml("keep-alive = 9\nunacknowledged-timeout = 7")
    assert load(file=file).timeouts == Timeouts(keep_alive=9, unacknowledged=7)
    environ = {"STAMPMILL_UNACKNOWLEDGED_TIMEOUT": "8"}
    assert load(environ=environ).timeouts == Timeouts(keep_alive=30, unacknowledged=8)


@pytest.mark.parametrize("value", ["0", "1.5", "40000"])
def test_a_keep_alive_that_the_system_cannot_do_is_named(value):
    with pytest.raises(UsageError, match=f"keep-alive '{value}': expected int"):
        load({"keep-alive": value})


def test_a_proxys_password_is_in_no_repr():
    settings = load({"proxy": "socks5h://bob:s3cret@h:1"}, [{"url": "a:1"}])
    assert "s3cret" not in repr(settings)


def test_mining_alone_is_told_by_file_environment_and_flags(toml):
    file = toml(
        'coinbase-addr = "from file"\nchain = "regtest"\nblock-dir = "/b"\n'
        '[[pool]]\nurl = "http://a:1"\nrpc-cookie = "/a/.cookie"\n[[pool]]\nurl = "http://b:2"\n'
    )
    said = {"STAMPMILL_COINBASE_ADDR": "from environment"}
    settings = load({"coinbase-sig": "/me/"}, environ=said, file=file)
    assert settings.solo == SoloSettings("from environment", "/me/", "regtest", "/b")
    assert [pool.rpc_cookie for pool in settings.pools] == ["/a/.cookie", None]


def test_a_gpus_manners_are_said_in_any_place(toml):
    file = toml('gpu-polite = "off"\ngpu-temp-limit = 80\ngpu-resume-delay = 5')
    settings = load(
        {"gpu-power-limit": "250.5"}, environ={"STAMPMILL_GPU_TEMP_LIMIT": "70"}, file=file
    )
    assert settings.gpu == GpuSettings(False, 70.0, 250.5, 5.0)
    with pytest.raises(UsageError, match="gpu-polite 'maybe': expected on or off"):
        load({"gpu-polite": "maybe"})


def test_boards_are_set_in_any_place():
    environ = {"STAMPMILL_ASIC_FREQUENCY": "500", "STAMPMILL_ASIC_CHIP": "bm1366"}
    settings = load({"asic-chip": "bm1370", "force": "true"}, environ=environ)
    assert settings.asic == AsicSettings(chip="bm1370", mhz=500.0, force=True)
    assert load().asic == AsicSettings()


@pytest.mark.parametrize(
    ("key", "value"),
    [("asic-frequency", "-1"), ("asic-chips", "0"), ("asic-board", "toaster"), ("asic-baud", "x")],
)
def test_a_wrong_setting_of_boards_is_named(key, value):
    with pytest.raises(UsageError, match=key):
        load({key: value})
