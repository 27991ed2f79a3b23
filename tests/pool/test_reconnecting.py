"""The small policies around a lost connection: pauses, redirects, what is remembered."""

import errno
import socket
from dataclasses import replace

import pytest

from stampmill.core.rate_limit import RateLimit
from stampmill.core.settings import RetryPolicy
from stampmill.pool.backoff import Backoff
from stampmill.pool.egress import Egress
from stampmill.pool.endpoint import Endpoint
from stampmill.pool.memory import PoolMemory
from stampmill.pool.redirect import RedirectPolicy, RedirectRefusedError, RedirectRule
from stampmill.pool.stratum.answers import SubscribeResult
from stampmill.pool.stratum.notifications import Reconnect
from stampmill.pool.trace import redacted
from stampmill.pool.transport.faults import reason
from stampmill.pool.upstream.outbox import Asked
from stampmill.pool.upstream.plan import ClientPlan, ResumePoint


def pauses(random: float, count: int = 9, *, refused: bool = False) -> list[float]:
    backoff = Backoff(RetryPolicy(), lambda: random)
    result = []
    for _ in range(count):
        backoff.failed()
        result.append(backoff.pause(refused=refused))
    return result


def test_pauses_double_from_one_second_to_the_ceiling_with_jitter_up_to_twofold() -> None:
    assert pauses(0.0) == [1, 2, 4, 8, 16, 30, 30, 30, 30]
    assert pauses(0.5) == [1.5, 3, 6, 12, 24, 45, 45, 45, 45]
    assert max(pauses(0.999999, 200)) < 60


def test_a_refused_user_waits_minutes() -> None:
    assert pauses(0.0, 5, refused=True) == [120, 240, 300, 300, 300]


def test_a_reset_starts_again() -> None:
    backoff = Backoff(RetryPolicy(retries=2), lambda: 0.0)
    backoff.failed()
    backoff.reset()
    backoff.failed()
    assert (backoff.pause(), backoff.exhausted) == (1, False)
    backoff.failed()
    assert backoff.exhausted


@pytest.mark.parametrize(("retries", "failures"), [(0, 1), (1, 1), (3, 3)])
def test_failures_in_a_row_are_counted(retries: int, failures: int) -> None:
    backoff = Backoff(RetryPolicy(retries), lambda: 0.0)
    for _ in range(failures):
        assert not backoff.exhausted
        backoff.failed()
    assert backoff.exhausted


HERE = Endpoint("pool.example", 3333)


@pytest.mark.parametrize(
    ("redirect", "target"),
    [
        (Reconnect(), HERE),
        (Reconnect("pool.example"), HERE),
        (Reconnect("POOL.Example.", 4444), Endpoint("pool.example", 4444)),
        (Reconnect(None, 4444), Endpoint("pool.example", 4444)),
    ],
)
def test_a_redirect_to_the_configured_host_is_followed(
    redirect: Reconnect, target: Endpoint
) -> None:
    assert RedirectPolicy(HERE).judge(redirect, 0.0) == target


@pytest.mark.parametrize(
    "host", ["evil.example", "example", "pool.example.evil", "xpool.example", "1.2.3.4", "[::1]"]
)
def test_a_redirect_to_any_other_host_is_refused(host: str) -> None:
    with pytest.raises(RedirectRefusedError, match="another host"):
        RedirectPolicy(HERE).judge(Reconnect(host, 3333), 0.0)


def test_an_address_in_brackets_is_the_same_host() -> None:
    here = Endpoint("::1", 3333)
    assert RedirectPolicy(here).judge(Reconnect("[::1]", 3334), 0.0) == Endpoint("::1", 3334)


@pytest.mark.parametrize("redirect", [Reconnect(), Reconnect("pool.example", 4444)])
def test_never_is_never(redirect: Reconnect) -> None:
    with pytest.raises(RedirectRefusedError, match="not followed"):
        RedirectPolicy(HERE, RedirectRule.NEVER, ["pool.example"]).judge(redirect, 0.0)


LISTED = RedirectPolicy(HERE, RedirectRule.LISTED, ["Other.Example.", "2001:db8::1"])


@pytest.mark.parametrize(
    ("redirect", "target"),
    [
        (Reconnect("other.example"), Endpoint("other.example", 3333)),
        (Reconnect("OTHER.example.", 4444), Endpoint("other.example", 4444)),
        (Reconnect("[2001:DB8:0::1]"), Endpoint("2001:db8::1", 3333)),
        (Reconnect("pool.example", 4444), Endpoint("pool.example", 4444)),
    ],
)
def test_a_listed_host_is_followed_to(redirect: Reconnect, target: Endpoint) -> None:
    assert LISTED.judge(redirect, 0.0) == target


@pytest.mark.parametrize("host", ["evil.example", "x.other.example", "example", "2001:db8::2"])
def test_no_suffix_of_a_listed_host_is_followed_to(host: str) -> None:
    with pytest.raises(RedirectRefusedError, match="another host"):
        LISTED.judge(Reconnect(host), 0.0)


def test_listed_hosts_count_for_nothing_under_another_rule() -> None:
    with pytest.raises(RedirectRefusedError, match="another host"):
        RedirectPolicy(HERE, listed=["other.example"]).judge(Reconnect("other.example"), 0.0)


def test_a_redirect_goes_nowhere_that_the_allow_list_leaves_out() -> None:
    check = Egress(["pool.example"]).check_host
    policy = RedirectPolicy(HERE, RedirectRule.LISTED, ["other.example"], check)
    with pytest.raises(RedirectRefusedError, match="other.example is not among the hosts"):
        policy.judge(Reconnect("other.example"), 0.0)


@pytest.mark.parametrize("host", [None, "pool.example", "other.example"])
def test_a_redirect_stays_on_tls(host: str | None) -> None:
    here = Endpoint("pool.example", 443, tls=True)
    policy = RedirectPolicy(here, RedirectRule.LISTED, ["other.example"])
    assert policy.judge(Reconnect(host, 444), 0.0).tls


def test_redirects_are_followed_ten_times_an_hour() -> None:
    policy = RedirectPolicy(HERE)
    for _ in range(10):
        policy.judge(Reconnect(), 0.0)
    with pytest.raises(RedirectRefusedError, match="more than ten times"):
        policy.judge(Reconnect(), 1.0)
    assert policy.judge(Reconnect(), 361.0) == HERE


def test_a_rate_limit_never_saves_up_more_than_its_burst() -> None:
    limit = RateLimit(burst=2, seconds=10)
    assert [limit.allow(0.0) for _ in range(3)] == [True, True, False]
    assert [limit.allow(1e6) for _ in range(3)] == [True, True, False]
    assert [limit.allow(1e6 + 5) for _ in range(2)] == [True, False]


PLAN = ClientPlan("m", "u", suggest_difficulty=1.0)
CONFIGURE = frozenset([Asked.CONFIGURE])


def test_a_session_that_can_be_resumed_is_remembered() -> None:
    memory = PoolMemory()
    assert memory.plan(PLAN) == PLAN
    memory.on_subscribed(SubscribeResult(b"\x01", 4, "sid"))
    assert memory.plan(PLAN).resume == ResumePoint("sid", b"\x01")
    memory.on_subscribed(SubscribeResult(b"\x01", 4))
    assert memory.plan(PLAN).resume is None


def test_a_pool_that_hangs_up_at_a_suggestion_gets_no_more() -> None:
    memory = PoolMemory()
    memory.on_hang_up(frozenset([Asked.SUGGEST_DIFFICULTY]), authorized=True)
    assert memory.plan(PLAN).suggest_difficulty is None
    assert memory.plan(PLAN).version_mask == PLAN.version_mask


def test_a_pool_that_hangs_up_in_the_handshake_is_asked_to_configure_later() -> None:
    memory = PoolMemory()
    memory.on_hang_up(CONFIGURE | {Asked.SUBSCRIBE}, authorized=False)
    assert memory.plan(PLAN).configure_late
    memory.on_configured()
    assert memory.plan(PLAN) == PLAN


def test_a_pool_that_hangs_up_at_the_late_configure_too_is_asked_no_more() -> None:
    memory = PoolMemory()
    memory.on_hang_up(CONFIGURE, authorized=False)
    memory.on_hang_up(CONFIGURE, authorized=True)
    assert memory.plan(PLAN).version_mask == 0
    memory.on_hang_up(frozenset(), authorized=False)
    assert memory.plan(PLAN).version_mask == 0


def test_a_pool_that_hangs_up_without_a_configure_is_not_blamed_for_it() -> None:
    memory = PoolMemory()
    memory.on_hang_up(CONFIGURE, authorized=False)
    memory.on_hang_up(frozenset([Asked.SUBSCRIBE]), authorized=False)
    assert memory.plan(PLAN) == PLAN


def test_nothing_else_is_negotiated_either_where_configure_is_proven_guilty() -> None:
    base = replace(PLAN, minimum_difficulty=8.0, info=(("sw-version", "1"),))
    memory = PoolMemory()
    memory.on_hang_up(CONFIGURE, authorized=False)
    memory.on_hang_up(CONFIGURE, authorized=True)
    assert memory.plan(base).configure() is None


def test_every_late_request_that_was_open_at_a_hang_up_is_spared_the_pool_from_then_on() -> None:
    base = replace(PLAN, suggest_difficulty=2.0, extranonce_subscribe=True)
    memory = PoolMemory()
    memory.on_hang_up(frozenset([Asked.EXTRANONCE_SUBSCRIBE]), authorized=True)
    plan = memory.plan(base)
    assert (plan.suggest_difficulty, plan.extranonce_subscribe) == (2.0, False)
    memory.on_hang_up(frozenset([Asked.SUGGEST_DIFFICULTY]), authorized=True)
    plan = memory.plan(base)
    assert (plan.suggest_difficulty, plan.extranonce_subscribe) == (None, False)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ConnectionRefusedError(errno.ECONNREFUSED, "Connect call failed"), "connection refused"),
        (OSError("Multiple exceptions: [Errno 111] Connect ..., [Errno 111] ..."),
         "connection refused"),
        (socket.gaierror(-2, "Name or service not known"), "name not known"),
        (UnicodeError("label too long"), "name not known"),
        (OSError(errno.ENETUNREACH, "?"), "network is unreachable"),
        (ConnectionResetError(errno.ECONNRESET, "?"), "connection reset by peer"),
        (OSError("odd"), "odd"),
        (RuntimeError("odd"), "odd"),
    ],
)  # fmt: skip
def test_the_reason_for_no_connection_is_given_in_words(error: Exception, words: str) -> None:
    assert reason(error) == words


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (
            b'{"id":1,"method":"mining.authorize","params":["u","hunter2"]}',
            b'{"id":1,"method":"mining.authorize","params":["u","***"]}',
        ),
        (b'{"id":1,"method":"mining.subscribe"}', b'{"id":1,"method":"mining.subscribe"}'),
        (b"mining.authorize hunter2", b"(unreadable authorize)"),
    ],
)
def test_a_traced_line_holds_no_password(line: bytes, shown: bytes) -> None:
    assert redacted(line) == shown
