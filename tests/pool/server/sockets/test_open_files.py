"""Room for connections within the system's bound on open files."""

import pytest

from stampmill.pool.server.sockets.open_files import SPARE, make_room

resource = pytest.importorskip("resource", reason="no POSIX limits here")


@pytest.fixture
def limits(monkeypatch):
    """Limits of a process that is not ours, so that this one keeps its own."""
    state = {"now": (1024, 4096)}
    monkeypatch.setattr(resource, "getrlimit", lambda _: state["now"])
    monkeypatch.setattr(resource, "setrlimit", lambda _, pair: state.update(now=pair))
    return state


def test_what_fits_changes_nothing(limits):
    assert make_room(500) == 500
    assert limits["now"] == (1024, 4096)


def test_the_soft_limit_is_raised_as_far_as_needed(limits):
    assert make_room(2000) == 2000
    assert limits["now"] == (2000 + SPARE, 4096)


def test_the_hard_limit_bounds_the_room(limits):
    assert make_room(10_000) == 4096 - SPARE
    assert limits["now"] == (4096, 4096)


def test_without_any_limit_there_is_room_for_all(limits):
    limits["now"] = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    assert make_room(10**6) == 10**6
    limits["now"] = (1024, resource.RLIM_INFINITY)
    assert make_room(10**6) == 10**6
