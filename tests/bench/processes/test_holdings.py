import subprocess
import sys

import pytest

from stampmill.bench.processes import holdings
from stampmill.bench.processes.holdings import WaitClock

pytestmark = pytest.mark.skipif(not holdings.available(), reason="needs Linux's /proc")


# A process of its own, which has let nothing go: what it takes cannot come from what it had.
GROWS = """
import mmap, os, threading
from stampmill.bench.processes import holdings
before = holdings.read()
stop = threading.Event()
thread = threading.Thread(target=stop.wait)
thread.start()
descriptor = os.open(os.devnull, os.O_RDONLY)
pages = mmap.mmap(-1, 30_000_000)
pages.write(bytes([1]) * len(pages))
after = holdings.read(os.getpid())
stop.set()
thread.join()
print(after.threads - before.threads, after.files - before.files)
print(after.resident - before.resident, after.peak - after.resident)
"""


def test_sees_threads_files_and_memory_come():
    command = [sys.executable, "-P", "-c", GROWS]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    threads, files, grown, under_peak = map(int, done.stdout.split())
    assert (threads, files) == (1, 1)
    assert grown > 27_000_000
    assert under_peak >= 0


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
