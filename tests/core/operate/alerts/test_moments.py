"""What happens in a moment and is shown for a quarter of an hour."""

from dataclasses import replace

from stampmill.core.operate.alerts.moments import BlockFound, PoolSwitched, RedirectRefused
from stampmill.core.snapshot import AlertKind
from tests.core.operate.alerts.runs import Run, other, texts
from tests.core.snapshots import JOB, SOURCE

SECOND = other(1)


def switched(run: Run, to: int) -> dict[str, object]:
    return {"source": run.shot.pools[to].status}


def two_pools(*, in_turns: bool = False) -> Run:
    run = Run(PoolSwitched(in_turns=in_turns))
    run.shot = replace(run.shot, pools=(*run.shot.pools, SECOND))
    run.goes(1)
    return run


def test_a_switch_is_told_for_a_while_and_one_back_takes_its_place() -> None:
    run = two_pools()
    (there,) = run.goes(1, **switched(run, 1))
    assert (there.kind, there.subject) == (AlertKind.POOL_SWITCHED, "stratum+tcp://b:1")
    assert there.text == "mining at stratum+tcp://b:1 instead of stratum+tcp://a:1"
    (back,) = run.goes(1, **switched(run, 0))
    assert (back.subject, back.occasion) == ("stratum+tcp://a:1", 2)
    assert run.goes(898)
    assert not run.goes(2)


def test_between_two_pools_nothing_is_told() -> None:
    run = two_pools()
    run.goes(1, **switched(run, 1))
    run.goes(901)
    nowhere = {"job": None, "job_id": None, **switched(run, 0)}
    assert not run.goes(10, **nowhere)
    assert not run.goes(1, job=JOB, **switched(run, 1)), "it came back to where it was"


def test_to_begin_at_another_pool_than_the_first_is_a_switch() -> None:
    run = Run(PoolSwitched(in_turns=False), job=None)
    run.shot = replace(run.shot, pools=(*run.shot.pools, SECOND))
    assert not run.goes(10)
    assert run.goes(1, job=JOB, **switched(run, 1))


def test_turns_are_no_switches() -> None:
    run = two_pools(in_turns=True)
    assert not run.goes(1, **switched(run, 1))


def test_refused_redirects_are_told_once_however_many_come() -> None:
    run = Run(RedirectRefused())

    def refused(count: int) -> dict[str, object]:
        status = replace(SOURCE, dropped=(("redirect-refused", count),))
        return {"pools": (replace(run.shot.pools[0], status=status),)}

    (first,) = run.goes(1, **refused(1))
    assert (first.kind, first.subject) == (AlertKind.REDIRECT_REFUSED, "stratum+tcp://a:1")
    assert first.text == "asked to connect elsewhere, 1 time so far; not followed"
    (again,) = run.goes(600, **refused(7))
    assert again.occasion == first.occasion
    assert run.goes(299)
    assert not run.goes(2)


def test_each_block_is_told() -> None:
    run = Run(BlockFound())
    (first,) = run.goes(1, pools=run.shares(blocks=1))
    assert "block found, 1 in this run" in texts([first])[0]
    (second,) = run.goes(1, pools=run.shares(blocks=2))
    assert (second.subject, second.occasion) != (first.subject, first.occasion)
    assert not run.goes(901)


def test_blocks_of_regtest_are_no_news() -> None:
    run = Run(BlockFound(), network_difficulty=4.6e-10)
    assert not run.goes(1, pools=run.shares(blocks=1))


def test_a_pool_that_joins_is_no_news() -> None:
    run = Run(RedirectRefused())
    status = replace(SECOND.status, dropped=(("redirect-refused", 3),))
    assert not run.goes(1, pools=(*run.shot.pools, replace(SECOND, status=status)))
