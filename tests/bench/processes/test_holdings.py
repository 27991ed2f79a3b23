import os
import threading

import pytest

from stampmill.bench.processes import holdings
from stampmill.bench.processes.holdings import WaitClock

pytestmark = pytest.mark.skipif(not holdings.available(), reason="needs Linux's /proc")


def test_sees_threads_files_and_memory_come():
    before = holdings.read()
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    descriptor = os.open(os.devnull, os.O_RDONLY)
    block = b"x" * 30_000_000
    after = holdings.read(os.getpid())
    os.close(descriptor)
    stop.set()
    thread.join()
    assert after.threads == before.threads + 1
    assert after.files == before.files + 1
    assert after.resident - before.resident > len(block) * 0.9
    assert after.peak >= after.resident


def test_a_process_that_is_gone_is_an_error():
    with pytest.raises(FileNotFoundError):
        holdings.read(2**22 + 1)


def test_knows_what_is_loaded():
    assert holdings.has_loaded("self", "libc")
    assert not holdings.has_loaded("self", "no such library")
    assert not holdings.has_loaded(2**22 + 1, "libc")


def test_a_wait_clock_goes_on_and_can_be_closed_twice():
    clock = WaitClock()
    first = clock.read()
    assert 0 <= first <= clock.read()
    clock.close()
    clock.close()
    assert clock.read() == 0.0
