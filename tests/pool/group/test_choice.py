from collections import Counter

import pytest

from stampmill.pool.group.choice import Balance, Choice, Failover
from stampmill.pool.group.health import Health
from stampmill.pool.group.limits import GroupLimits
from tests.core.fakes import make_job

LIMITS = GroupLimits()


def pools(*states: str) -> list[Health]:
    """Return pools that are up since 0, dialled at 0, down after being dialled, or not wanted."""
    result = []
    for state in states:
        health = Health(LIMITS)
        if state != "unwanted":
            health.on_dial(0.0)
        if state == "up":
            health.on_job(make_job(), 0.0)
        if state == "down":
            health.on_no_job()
        result.append(health)
    return result


class TestFailover:
    def test_begins_with_the_first_alone(self) -> None:
        assert Failover().choose(pools("unwanted", "unwanted"), None, 0.0) == Choice(None, 1)

    def test_waits_for_the_first_a_little(self) -> None:
        waiting = pools("dialled", "unwanted")
        assert Failover().choose(waiting, None, LIMITS.first_job - 1) == Choice(None, 1)
        assert Failover().choose(waiting, None, LIMITS.first_job) == Choice(None, 2)

    def test_dials_one_more_when_one_fails(self) -> None:
        assert Failover().choose(pools("down", "unwanted", "unwanted"), None, 1.0).dialled == 2
        assert Failover().choose(pools("down", "down", "unwanted"), None, 1.0).dialled == 3
        assert Failover().choose(pools("down", "down", "down"), None, 1.0).dialled == 3

    def test_takes_the_first_that_works(self) -> None:
        assert Failover().choose(pools("down", "up", "up"), None, 1.0) == Choice(1, 2)

    def test_stays_until_a_better_one_is_stable(self) -> None:
        both = pools("up", "up")
        assert Failover().choose(both, 1, LIMITS.stable - 1) == Choice(1, 2)
        assert Failover().choose(both, 1, LIMITS.stable) == Choice(0, 1)

    def test_takes_an_unstable_one_rather_than_none(self) -> None:
        assert Failover().choose(pools("up", "down"), 1, 1.0) == Choice(0, 1)

    def test_goes_back_to_the_best_that_is_stable(self) -> None:
        three = pools("up", "up", "up")
        three[0].on_left()
        three[0].on_job(make_job(), 0.0)
        assert Failover().choose(three, 2, LIMITS.stable) == Choice(1, 2)

    def test_has_none_when_all_are_down(self) -> None:
        assert Failover().choose(pools("down", "down"), 0, 1.0) == Choice(None, 2)


class TestBalance:
    def turns(self, quotas: list[int], states: list[tuple[str, ...]]) -> Counter[int | None]:
        """Return the seconds on each pool when asked once a second."""
        policy, active, health = Balance(10.0), None, pools(*states[0])
        seconds: Counter[int | None] = Counter()
        for pool, quota in zip(health, quotas, strict=True):
            pool.quota = quota
        for now, state in enumerate(states):
            for pool, is_up in zip(health, state, strict=True):
                pool.job = make_job() if is_up == "up" else None
            active = policy.choose(health, active, float(now)).active
            seconds[active] += 1
        return seconds

    def test_is_connected_to_all(self) -> None:
        assert Balance(10.0).choose(pools("unwanted", "unwanted"), None, 0.0).dialled == 2

    @pytest.mark.parametrize("quotas", [[1, 1], [3, 1], [1, 2, 5]])
    def test_time_is_as_the_quotas(self, quotas: list[int]) -> None:
        total = 10 * sum(quotas) * 20
        seconds = self.turns(quotas, [("up",) * len(quotas)] * total)
        for place, quota in enumerate(quotas):
            assert seconds[place] == pytest.approx(total * quota / sum(quotas), abs=20)

    def test_a_turn_lasts_its_time(self) -> None:
        policy, both = Balance(10.0), pools("up", "up")
        assert policy.choose(both, None, 0.0).active == 0
        assert policy.choose(both, 0, 9.9).active == 0
        assert policy.choose(both, 0, 10.0).active == 1

    def test_a_pool_that_fails_loses_its_turn_at_once(self) -> None:
        policy, both = Balance(10.0), pools("up", "up")
        assert policy.choose(both, None, 0.0).active == 0
        both[0].on_no_job()
        assert policy.choose(both, 0, 1.0).active == 1

    def test_time_away_is_not_made_up_for(self) -> None:
        away = [("up", "down")] * 1000
        back = [("up", "up")] * 200
        seconds = self.turns([1, 1], away + back)
        assert seconds[1] == pytest.approx(100, abs=20)

    def test_none_works_none_is_mined_on(self) -> None:
        assert Balance(10.0).choose(pools("down", "down"), 0, 1.0).active is None
