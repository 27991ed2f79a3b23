"""Pools steered by numbers and by configurations, with real sources that never connect."""

from dataclasses import replace

import pytest

from stampmill.core.cli.run.pools import Pools
from stampmill.core.errors import UsageError
from stampmill.core.settings import PoolSettings, RetryPolicy
from stampmill.pool.client import StratumSource
from stampmill.pool.egress import Egress
from stampmill.pool.group.choice import Balance, Failover
from stampmill.pool.group.source import PoolGroup

A, B, C = (
    PoolSettings(f"stratum+tcp://{host}.example:3333", "me", f"s3cret-{host}") for host in "abc"
)


class Steered:
    """Pools with a list of where connections may go."""

    def __init__(self, *settings, turns=False):
        self.egress = Egress(["a.example", "b.example", "c.example"])
        sources = [self.make(pool) for pool in settings]
        self.group = PoolGroup(sources, Balance(10.0) if turns else Failover())
        self.pools = Pools(self.group, settings, self.make)

    def make(self, pool):
        return StratumSource(pool, RetryPolicy(), user_agent="miner/1.0", egress=self.egress)

    def known(self):
        """Return url and rank of each pool, by number."""
        status = self.group.status()
        each = sorted((status, *status.others), key=lambda pool: pool.number)
        return [(pool.url[14], pool.rank) for pool in each]

    def plan(self, number):
        source = self.group.source(number)
        return source._plan.suggest_difficulty, source._plan.minimum_difficulty


def test_a_pool_comes_and_goes():
    it = Steered(A)
    assert it.pools.add(B) == 1
    assert it.known() == [("a", 0), ("b", 1)]
    it.pools.reorder([1])
    it.pools.remove(0)
    assert it.known() == [("b", 0)]
    with pytest.raises(UsageError, match="last pool"):
        it.pools.remove(0)


def test_an_added_pool_has_its_own_user_and_password():
    it = Steered(A)
    it.pools.add(B)
    assert [it.group.source(number)._plan.password for number in (0, 1)] == [
        "s3cret-a", "s3cret-b",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("pool", "text"),
    [
        (PoolSettings("stratum+tcp://evil.example:3333"), "not among the hosts"),
        (PoolSettings("stratum+tcp://a.example"), "names no port"),
        (PoolSettings("http://me:s3cret@a.example:8332"), "next start"),
        (replace(B, tls_pins=("cert:00",)), "tls"),
    ],
)
def test_what_the_run_could_not_have_begun_with_cannot_be_added(pool, text):
    it = Steered(A)
    with pytest.raises(UsageError, match=f"(?i){text}") as refusal:
        it.pools.add(pool)
    assert "s3cret" not in str(refusal.value)
    assert it.known() == [("a", 0)]


def test_difficulties_are_wished_for():
    it = Steered(A)
    it.pools.wish(0, 8.0, 2.0)
    assert it.plan(0) == (8.0, 2.0)
    for value in (0.0, -1.0, float("inf"), float("nan")):
        with pytest.raises(UsageError, match="difficulty"):
            it.pools.wish(0, value, None)
    with pytest.raises(UsageError, match="no pool 1"):
        it.pools.wish(1, 8.0, None)
    assert it.plan(0) == (8.0, 2.0)


def test_quotas_are_for_turns():
    it = Steered(A, B, turns=True)
    it.pools.set_quota(1, 5)
    assert it.group.status().others[0].quota == 5
    with pytest.raises(UsageError, match="1 or more"):
        it.pools.set_quota(1, 0)
    with pytest.raises(UsageError, match="no quotas"):
        Steered(A).pools.set_quota(0, 2)


@pytest.mark.parametrize(
    ("old", "new", "done", "left"),
    [
        ((A, B), (B, A), ["pool order"], [("a", 1), ("b", 0)]),
        ((A,), (A, B), ["pool B added"], [("a", 0), ("b", 1)]),
        ((B,), (A, B), ["pool A added", "pool order"], [("b", 1), ("a", 0)]),
        ((A, B), (B,), ["pool A removed"], [("b", 0)]),
        ((A, B), (A, C), ["pool C added", "pool B removed"], [("a", 0), ("c", 1)]),
        ((A,), (C,), ["pool C added", "pool A removed"], [("c", 0)]),
        ((A,), (replace(A, user="you"),), ["pool A added", "pool A removed"], [("a", 0)]),
        ((A, B), (A, replace(B, suggest_difficulty=8.0)), ["difficulty asked of B"], None),
        ((A, B), (A, replace(B, quota=8)), [], None),
        ((A, B), (A, B), [], None),
    ],
)
def test_another_configuration_is_gone_to(old, new, done, left):
    it = Steered(*old)
    named = [text.replace("A", A.url).replace("B", B.url).replace("C", C.url) for text in done]
    assert it.pools.reload(old, new) == (named, [])
    assert it.known() == (left or [("a", 0), ("b", 1)])
    assert it.pools.reload(new, new) == ([], [])


def test_what_a_file_does_not_know_of_stays():
    it = Steered(A)
    it.pools.add(C)
    assert it.pools.reload((A,), (A, B))[0] == [f"pool {B.url} added"]
    assert it.known() == [("a", 0), ("c", 1), ("b", 2)]


def test_a_pool_of_the_file_that_is_gone_already_is_not_missed():
    it = Steered(A, B)
    it.pools.remove(1)
    assert it.pools.reload((A, B), (A,)) == ([], [])


def test_the_last_pool_in_use_stays_and_that_is_said():
    it = Steered(A, B)
    it.pools.enable(1, wanted=False)
    waiting = [f"pool {A.url} stays: the last pool in use cannot be removed"]
    assert it.pools.reload((A, B), (B,)) == ([], waiting)


def test_quotas_of_a_file_hold_where_there_are_turns():
    it = Steered(A, B, turns=True)
    done, _ = it.pools.reload((A, B), (replace(B, quota=3), A))
    assert done == [f"quota of {B.url}"]


def test_one_wrong_pool_leaves_everything_as_it_is():
    it = Steered(A)
    wrong = PoolSettings("stratum+tcp://evil.example:3333")
    with pytest.raises(UsageError, match="not among the hosts"):
        it.pools.reload((A,), (replace(A, suggest_difficulty=8.0), B, wrong))
    assert it.known() == [("a", 0)]
    assert it.plan(0) == (None, None)


def test_nodes_wait_for_the_next_start():
    node = PoolSettings("http://127.0.0.1:8332")
    it = Steered(A)
    assert it.pools.reload((A,), (A, node)) == ([], ["nodes changed"])
    assert it.known() == [("a", 0)]
