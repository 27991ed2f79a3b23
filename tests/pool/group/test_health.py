import pytest

from stampmill.core.job import RejectReason, ShareResult, Verdict
from stampmill.pool.group.health import Fault, Health
from stampmill.pool.group.limits import GroupLimits
from tests.core.fakes import make_job

LIMITS = GroupLimits()
REJECTED = ShareResult(Verdict.REJECTED, RejectReason.OTHER)
ACCEPTED = ShareResult(Verdict.ACCEPTED)
REAL_CHAIN = {"network_target": 1 << 180}


def mined_on(**job: object) -> Health:
    """Return a pool that was dialled at 0 and has had its first job at 1."""
    health = Health(LIMITS)
    health.on_dial(0.0)
    health.on_job(make_job(**job), 1.0)
    return health


class TestRejects:
    def test_a_row_of_them_is_a_fault(self) -> None:
        health = mined_on()
        for _ in range(LIMITS.rejects - 1):
            health.on_result(REJECTED)
        assert health.fault(2.0) is None
        health.on_result(REJECTED)
        assert health.fault(2.0) is Fault.REJECTS

    def test_an_accepted_share_ends_the_row(self) -> None:
        health = mined_on()
        for result in [*[REJECTED] * (LIMITS.rejects - 1), ACCEPTED, REJECTED]:
            health.on_result(result)
        assert health.fault(2.0) is None

    @pytest.mark.parametrize("verdict", [Verdict.LOST, Verdict.STALE, Verdict.UNANSWERED])
    def test_what_no_pool_has_judged_is_none(self, verdict: Verdict) -> None:
        health = mined_on()
        for _ in range(2 * LIMITS.rejects):
            health.on_result(ShareResult(verdict))
        assert health.fault(2.0) is None

    def test_a_new_connection_begins_a_new_row(self) -> None:
        health = mined_on()
        for _ in range(LIMITS.rejects):
            health.on_result(REJECTED)
        health.on_no_job()
        health.on_job(make_job(), 3.0)
        assert health.fault(4.0) is None


class TestJobsThatDoNotChange:
    def test_one_job_for_too_long_is_a_fault(self) -> None:
        health = mined_on()
        assert health.fault(LIMITS.stuck) is None
        assert health.fault(1.0 + LIMITS.stuck) is Fault.STUCK

    def test_the_same_job_under_another_id_is_no_other_job(self) -> None:
        health = mined_on()
        health.on_job(make_job(id="another"), 200.0)
        assert health.fault(1.0 + LIMITS.stuck) is Fault.STUCK

    @pytest.mark.parametrize("change", [{"ntime": 1_700_000_060}, {"coinbase1": b"other"}])
    def test_any_other_content_is_a_change(self, change: dict[str, object]) -> None:
        health = mined_on()
        health.on_job(make_job(**change), 200.0)
        assert health.fault(1.0 + LIMITS.stuck) is None

    def test_hours_on_one_block_are_a_fault(self) -> None:
        health = mined_on(**REAL_CHAIN)
        last = LIMITS.same_tip
        for second in range(0, int(last), 100):
            health.on_job(make_job(ntime=second, **REAL_CHAIN), float(second))
        assert health.fault(last) is None
        assert health.fault(last + 1) is Fault.OLD_TIP

    def test_on_a_test_chain_they_are_not(self) -> None:
        health = mined_on()
        health.on_job(make_job(ntime=5), 2 * LIMITS.same_tip)
        assert health.fault(2 * LIMITS.same_tip + 1) is None


class TestDialling:
    def test_no_job_in_time_was_its_chance(self) -> None:
        health = Health(LIMITS)
        health.on_dial(100.0)
        assert not health.had_its_chance(99.9 + LIMITS.first_job)
        assert health.had_its_chance(100.0 + LIMITS.first_job)

    def test_a_lost_connection_was_its_chance(self) -> None:
        health = mined_on()
        health.on_no_job()
        assert health.had_its_chance(1.1)

    def test_who_was_never_dialled_still_has_it(self) -> None:
        assert not Health(LIMITS).had_its_chance(10_000.0)

    def test_who_was_hung_up_on_has_it_again(self) -> None:
        health = mined_on()
        health.on_no_job()
        health.on_hung_up()
        assert not health.had_its_chance(10_000.0)

    def test_a_pool_without_a_job_has_no_fault_to_be_left_for(self) -> None:
        health = Health(LIMITS)
        health.on_dial(0.0)
        assert health.fault(10_000.0) is None


class TestStability:
    def test_counts_from_the_first_job_of_the_connection(self) -> None:
        health = mined_on()
        health.on_job(make_job(ntime=7), 30.0)
        assert not health.is_stable(LIMITS.stable)
        assert health.is_stable(1.0 + LIMITS.stable)

    def test_begins_anew_with_a_connection(self) -> None:
        health = mined_on()
        health.on_no_job()
        health.on_job(make_job(), 50.0)
        assert not health.is_stable(1.0 + LIMITS.stable)

    def test_takes_twice_as_long_each_time_it_had_to_be_left(self) -> None:
        health = mined_on()
        for times, seconds in ((1, 120.0), (2, 240.0)):
            health.on_left()
            health.on_job(make_job(), 0.0)
            assert health.times_left == times
            assert not health.is_stable(seconds - 1)
            assert health.is_stable(seconds)

    def test_never_takes_longer_than_an_hour(self) -> None:
        health = mined_on()
        for _ in range(50):
            health.on_left()
        health.on_job(make_job(), 0.0)
        assert health.is_stable(LIMITS.most_stable)

    def test_long_work_is_forgiveness(self) -> None:
        health = mined_on()
        health.on_left()
        health.on_proved()
        health.on_job(make_job(), 0.0)
        assert health.is_stable(LIMITS.stable)
