import errno
import sys
import time

import pytest

from stampmill.bench.host import counters
from stampmill.bench.host.counters import Counters, CountersUnavailableError, Event, unavailable

CLOCK = (Event.TASK_CLOCK,)

needs_perf_events = pytest.mark.skipif(
    unavailable(CLOCK) is not None, reason=f"perf events: {unavailable(CLOCK)}"
)
needs_hardware = pytest.mark.skipif(
    unavailable() is not None, reason=f"hardware counters: {unavailable()}"
)


def burn(seconds):
    """Use so much CPU time of this thread."""
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


@needs_perf_events
def test_counts_the_cpu_time_of_this_thread():
    group = Counters(CLOCK)
    with group:
        burn(0.02)
    assert 0.02e9 <= group.read().values[Event.TASK_CLOCK] < 0.2e9
    group.close()


@needs_perf_events
def test_counting_begins_anew_and_stops():
    group = Counters(CLOCK)
    with group:
        burn(0.05)
    with group:
        burn(0.001)
    first = group.read()
    burn(0.05)
    assert first.values[Event.TASK_CLOCK] < 0.04e9
    assert group.read() == first
    group.close()


@needs_hardware
def test_counts_cycles_and_instructions():
    group = Counters()
    with group:
        burn(0.01)
    values = group.read().values
    assert values[Event.CYCLES] > 1_000_000
    assert 0.1 < values[Event.INSTRUCTIONS] / values[Event.CYCLES] < 10
    group.close()


def test_a_missing_counter_is_told_in_one_line():
    why = unavailable()
    assert why is None or (why.startswith("no ") and "\n" not in why)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.EACCES, "perf_event_paranoid"),
        (errno.ENOENT, "virtual machine"),
        (errno.EMFILE, "Too many open files"),
    ],
)
def test_each_refusal_has_its_reason(monkeypatch, code, words):
    def refuse(*_arguments):
        counters.ctypes.set_errno(code)
        return -1

    monkeypatch.setattr(counters, "_libc_syscall", refuse)
    monkeypatch.setattr(counters.sys, "platform", "linux")
    monkeypatch.setattr(counters.platform, "machine", lambda: "x86_64")
    with pytest.raises(CountersUnavailableError, match=words):
        Counters()
    assert words in unavailable()


def test_another_system_is_named(monkeypatch):
    monkeypatch.setattr(sys, "platform", "plan9")
    monkeypatch.setattr(counters.platform, "system", lambda: "Plan9")
    assert "Plan9" in unavailable()
