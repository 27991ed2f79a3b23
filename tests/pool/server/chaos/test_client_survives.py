"""The client at every misbehaving pool: it never raises, never hangs, and loses nothing unnamed."""

import tracemalloc
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stampmill.core.job import Verdict
from stampmill.pool.node.script import OP_TRUE_SCRIPT
from stampmill.pool.payout.address import Payout
from stampmill.pool.server.chaos.catalogue import SCENARIOS
from stampmill.pool.server.shares import ShareFault
from stampmill.pool.upstream.events import EndCause

from .world import PLAN, World

THRIVES = {
    "no-optional-answers", "odd-ids", "double-answers", "odd-handshake", "early-jobs",
    "split-packets", "odd-line-ends", "big-lines", "broken-utf8", "rubbish", "bad-branch",
    "bad-coinbase", "bad-fields", "odd-jobs", "clean-flapping", "lying-clean", "stale-jobs",
    "notify-flood", "bad-difficulty", "late-difficulty", "restless-difficulty", "new-extranonces",
    "bad-extranonces", "restless-mask", "redirects", "reconnects", "chatty-pool", "questions",
    "stray-answers", "frozen-job", "refuses-optional", "grudging-yes", "jobs-before-authorize",
    "odd-difficulty", "stuck-tip", "pays-others",
}  # fmt: skip
"""One connection, and every share is accepted."""

DELAYS = {"shuffled-answers", "glued-packets", "late-answers"}
"""One connection, and every share is answered, but late."""

COMES_BACK = {
    "flapping": {EndCause.PEER_CLOSED},
    "cut-lines": {EndCause.PEER_CLOSED},
    "hang-up-optional": {EndCause.PEER_CLOSED},
    "hang-up-configure": {EndCause.PEER_CLOSED},
    "huge-lines": {EndCause.BROKEN_STREAM},
    "forgetful": {EndCause.NOT_SUBSCRIBED},
    "wrong-ids": {EndCause.SHARES_UNANSWERED},
    "slow-drip": {EndCause.SHARES_UNANSWERED},
}
"""Connections are lost for these causes, and shares are accepted on the next."""

LEAVES = {
    "black-hole": {EndCause.SUBSCRIBE_UNANSWERED},
    "no-authorize-answer": {EndCause.AUTHORIZE_UNANSWERED},
    "refuses-user": {EndCause.AUTHORIZE_REFUSED},
    "silence": {EndCause.SHARES_UNANSWERED},
    "no-share-answers": {EndCause.SHARES_UNANSWERED},
    "no-ids": {EndCause.SHARES_UNANSWERED},
    "not-reading": {EndCause.NOT_READING},
    "endless-line": {EndCause.BROKEN_STREAM},
    "speaks-tls": {EndCause.BROKEN_STREAM},
    "speaks-http": {EndCause.BROKEN_STREAM},
}
"""No share is ever accepted, and the connection is left for these causes."""

UNPAID = {
    "rejects": "other",
    "unknown-jobs": "stale",
    "same-id": "stale",
    "insane-time": "other",
}
"""The connection lasts, and shares are refused for this reason, among others."""

UNREACHABLE = {"huge-difficulty", "no-difficulty"}
"""The connection lasts, and no share is found."""


LONG = 280.0
"""Seconds in which two rounds of unanswered shares are given up."""
A_WHILE = 120.0
"""Seconds in which every scenario that leaves shares answered has acted."""
SHORT = {"notify-flood": 40.0, "not-reading": 30.0}
"""Seconds for scenarios of which a little is a lot."""


def lived(*names: str, seconds: float = 0.0, seed: int = 1) -> World:
    """Return what became of a client after so long, with what must hold at any pool checked."""
    seconds = seconds or min(SHORT.get(name, LONG) for name in names)
    world = World(*names, seed=seed).live(seconds).stop()
    assert set(world.answered.values()) <= {1}, "a share with two results"
    assert len(world.answered) == world.submitted, "a share without a result"
    assert world.results.total() == world.submitted
    assert world.rig.core.counters.rejected[ShareFault.DUPLICATE] == 0
    assert world.results[Verdict.ACCEPTED] <= world.rig.core.counters.accepted + world.forged
    assert world.longest_line <= 1 << 20
    return world


def causes(world: World) -> set[EndCause]:
    return set(world.ends) - {EndCause.STOPPED}


def test_every_scenario_has_its_expectation() -> None:
    kinds = [THRIVES, DELAYS, set(COMES_BACK), set(LEAVES), set(UNPAID), UNREACHABLE]
    assert set().union(*kinds) == set(SCENARIOS)
    assert sum(map(len, kinds)) == len(SCENARIOS)


@pytest.mark.parametrize("name", sorted(THRIVES))
def test_what_can_be_understood_costs_no_share(name: str) -> None:
    seconds = SHORT.get(name, A_WHILE)
    world = lived(name, seconds=seconds)
    assert world.chaos.acted[name] > 0
    assert causes(world) == set()
    assert world.results == {Verdict.ACCEPTED: world.submitted}
    assert world.submitted > 1.7 * seconds


@pytest.mark.parametrize("name", sorted(DELAYS))
def test_what_comes_late_costs_what_was_late(name: str) -> None:
    world = lived(name)
    assert world.chaos.acted[name] > 0
    assert causes(world) == set()
    assert world.results[Verdict.ACCEPTED] > 1.7 * LONG


@pytest.mark.parametrize("name", sorted(COMES_BACK))
def test_a_lost_pool_is_mined_on_again(name: str) -> None:
    world = lived(name)
    assert world.chaos.acted[name] > 0
    assert causes(world) == COMES_BACK[name]
    assert world.results[Verdict.ACCEPTED] > 0


@pytest.mark.parametrize("name", sorted(LEAVES))
def test_a_dead_pool_is_left_within_three_minutes(name: str) -> None:
    world = lived(name)
    assert world.chaos.acted[name] > 0
    assert causes(world) == LEAVES[name]
    assert sum(world.ends.values()) >= 2
    assert world.results[Verdict.ACCEPTED] == 0


@pytest.mark.parametrize("name", sorted(UNPAID))
def test_refused_shares_are_counted_by_reason(name: str) -> None:
    world = lived(name)
    assert world.chaos.acted[name] > 0
    assert world.reasons[UNPAID[name]] > 0
    assert world.reasons.total() == world.results[Verdict.REJECTED]


@pytest.mark.parametrize("name", sorted(UNREACHABLE))
def test_a_difficulty_out_of_reach_sends_nothing(name: str) -> None:
    world = lived(name, seconds=60)
    assert world.chaos.acted[name] > 0
    assert (world.jobs > 0, world.submitted) == (True, 0)


def test_who_says_whom_a_block_has_to_pay_leaves_a_pool_that_pays_others() -> None:
    plan = replace(PLAN, payout=Payout("ours", OP_TRUE_SCRIPT, frozenset()))
    robbed = World("pays-others", plan=plan).live(30).stop()
    assert causes(robbed) == {EndCause.PAYS_OTHERS}
    assert robbed.drops["pays-others"] == robbed.ends[EndCause.PAYS_OTHERS] > 2
    assert (robbed.jobs, robbed.submitted) == (0, 0)
    paid = World(plan=plan).live(30).stop()
    assert causes(paid) == set()
    assert paid.results == {Verdict.ACCEPTED: paid.submitted}
    assert paid.submitted > 20


def test_a_redirect_is_only_ever_asked_never_followed_here() -> None:
    world = lived("redirects", seconds=60)
    assert {"evil.example", "127.0.0.2", "localhost"} <= set(world.redirects)
    assert all(host is None or len(host) <= 255 for host in world.redirects)


def test_all_that_can_be_understood_at_once() -> None:
    names = THRIVES - {
        "early-jobs", "new-extranonces", "frozen-job", "notify-flood", "big-lines", "stuck-tip",
        "pays-others", "refuses-optional",
    }  # fmt: skip
    world = lived(*sorted(names), seconds=40, seed=1)
    assert all(world.chaos.acted[name] for name in names)
    assert world.results[Verdict.ACCEPTED] > 0


combinations = st.lists(st.sampled_from(sorted(SCENARIOS)), min_size=2, max_size=4, unique=True)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(combinations, st.integers(0, 1000))
def test_any_combination_leaves_every_share_with_one_result(names: list[str], seed: int) -> None:
    lived(*names, seconds=40, seed=seed)


@pytest.mark.parametrize(
    "name",
    ["notify-flood", "huge-lines", "endless-line", "big-lines", "chatty-pool", "rubbish",
     "questions", "stray-answers", "bad-branch", "new-extranonces", "no-share-answers"],
)  # fmt: skip
def test_no_pool_makes_the_client_grow(name: str) -> None:
    world, seconds = World(name).live(5), SHORT.get(name, A_WHILE) / 4
    tracemalloc.start()
    try:
        world.live(seconds / 3)
        before = tracemalloc.get_traced_memory()[0]
        world.live(seconds)
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert grown < 1 << 21  # a line of one MiB may be under way, in either direction
