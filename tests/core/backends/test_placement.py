import os
import threading
from collections.abc import Callable

import pytest

from stampmill.core.backends import placement
from stampmill.core.backends.placement import Placement, place, take_place, usable_cpus

needs_affinity = pytest.mark.skipif(
    not hasattr(os, "sched_setaffinity"), reason="no affinity masks on this system"
)


def in_a_thread(function: Callable[[], object]) -> object:
    """Return what a function returns in a thread of its own."""
    results: list[object] = []
    thread = threading.Thread(target=lambda: results.append(function()))
    thread.start()
    thread.join()
    return results[0]


@needs_affinity
def test_uses_the_cpus_of_the_affinity_mask() -> None:
    assert set(usable_cpus()) == os.sched_getaffinity(0)


def test_uses_all_cpus_where_there_are_no_masks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 3)
    assert usable_cpus() == (0, 1, 2)


@pytest.fixture
def four_cpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(placement, "usable_cpus", lambda: (1, 3, 5, 7))


@needs_affinity
@pytest.mark.usefixtures("four_cpus")
def test_one_thread_for_each_usable_cpu() -> None:
    places = place(None, pinned=True)
    assert places == tuple(Placement(f"cpu{cpu}", cpu) for cpu in (1, 3, 5, 7))


@needs_affinity
@pytest.mark.usefixtures("four_cpus")
def test_more_threads_than_cpus_go_round_again() -> None:
    places = place(6, pinned=True)
    assert [item.cpu for item in places] == [1, 3, 5, 7, 1, 3]
    assert [item.device for item in places[4:]] == ["cpu1.1", "cpu3.1"]


@pytest.mark.usefixtures("four_cpus")
def test_threads_that_are_not_pinned_are_numbered() -> None:
    assert place(2, pinned=False) == (Placement("cpu0", None), Placement("cpu1", None))


@pytest.mark.usefixtures("four_cpus")
def test_nothing_is_pinned_where_that_cannot_be_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_setaffinity", raising=False)
    assert [item.cpu for item in place(None, pinned=True)] == [None] * 4


@needs_affinity
def test_pins_the_thread_that_calls_and_no_other() -> None:
    cpu = usable_cpus()[-1]
    before = os.sched_getaffinity(0)

    def pinned() -> object:
        take_place(Placement("cpu", cpu))
        return os.sched_getaffinity(0)

    assert in_a_thread(pinned) == {cpu}
    assert os.sched_getaffinity(0) == before


@pytest.mark.skipif(not hasattr(os, "SCHED_IDLE"), reason="no SCHED_IDLE on this system")
@pytest.mark.parametrize("cpu", [None, usable_cpus()[0]])
def test_gives_way_to_everything_else_pinned_or_not(cpu: int | None) -> None:
    def policy() -> object:
        take_place(Placement("cpu0", cpu))
        return os.sched_getscheduler(0)

    assert in_a_thread(policy) == os.SCHED_IDLE
    assert os.sched_getscheduler(0) != os.SCHED_IDLE


@needs_affinity
def test_a_refused_cpu_is_logged_and_survived(caplog: pytest.LogCaptureFixture) -> None:
    in_a_thread(lambda: take_place(Placement("cpu99999", 99999)))
    assert "device=cpu99999" in caplog.text


@pytest.mark.parametrize("pinned", [True, False])
def test_who_does_not_give_way_says_so(pinned: bool) -> None:
    assert [item.gives_way for item in place(2, pinned=pinned, gives_way=False)] == [False] * 2
    assert [item.gives_way for item in place(2, pinned=pinned)] == [True] * 2
