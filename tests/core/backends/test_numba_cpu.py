import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

pytest.importorskip("numba", reason="needs the extra 'numba'")

from stampmill.core import selftest
from stampmill.core.backends import numba_cpu
from stampmill.core.backends.kept import read
from stampmill.core.backends.numba_cpu import NumbaKernel
from stampmill.core.scan import NONCE_SPACE, CancelWord, Kernel, ScanRequest, ScanStatus
from stampmill.kernels.counts import operations
from stampmill.kernels.errors import GeneratorError
from stampmill.kernels.llvm import numba_search, text
from stampmill.kernels.sha256 import K
from tests.core.kernel_contract import KernelContract

PREFIX = bytes(range(76))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def compiled(folder: Path) -> NumbaKernel:
    return NumbaKernel(folder)


class TestNumbaKernel(KernelContract):
    @pytest.fixture
    def kernel(self, compiled: NumbaKernel) -> Kernel:
        return compiled


def test_one_wrong_constant_fails_the_contract(monkeypatch: pytest.MonkeyPatch) -> None:
    constant = text._constant
    monkeypatch.setattr(text, "_constant", lambda n, lanes: constant(n ^ (n == K[63]), lanes))
    mutant = NumbaKernel(None)
    with pytest.raises(AssertionError):
        KernelContract().test_hits_are_those_of_hashlib_for_any_target(mutant, 1)


def test_tells_what_was_compiled(compiled: NumbaKernel) -> None:
    assert compiled.lanes == operations(compiled.instruction_set).lanes


def test_lanes_that_the_cpu_lacks_are_refused(tmp_path: Path) -> None:
    with pytest.raises(GeneratorError, match="no vectors of 5 lanes"):
        NumbaKernel(tmp_path, lanes=5)


def test_a_cancel_reaches_the_loop_while_it_runs(compiled: NumbaKernel) -> None:
    """At some 20 MH/s the whole range would take minutes; a load moved out of the loop, all."""
    cancel = CancelWord()
    timer = threading.Timer(0.05, cancel.set)
    timer.start()
    result = compiled.scan(ScanRequest(PREFIX, (1,), 0, NONCE_SPACE, 0), cancel)
    assert result.status is ScanStatus.CANCELLED
    assert 0 < result.next_nonce < NONCE_SPACE


def test_a_cancel_before_the_scan_does_nothing(compiled: NumbaKernel) -> None:
    cancel = CancelWord()
    cancel.set()
    result = compiled.scan(ScanRequest(PREFIX, (1, 2, 3), 7, 1000, 0, first_version=2), cancel)
    assert result == (ScanStatus.CANCELLED, (), 7, 2)


def test_the_gil_is_free_during_a_scan(compiled: NumbaKernel) -> None:
    cancel = CancelWord()
    request = ScanRequest(PREFIX, (1,), 0, NONCE_SPACE, 0)
    thread = threading.Thread(target=compiled.scan, args=(request, cancel))
    thread.start()
    cancel.set()  # with the GIL held in the scan this line would wait for minutes
    thread.join(10)
    assert not thread.is_alive()


def test_threads_share_one_kernel(compiled: NumbaKernel) -> None:
    requests = [ScanRequest(PREFIX, (1, n), n * 1000, n * 1000 + 700, 1 << 252) for n in range(8)]
    found: dict[int, object] = {}

    def scan(index: int) -> None:
        found[index] = selftest.scan_whole(compiled, requests[index])

    threads = [threading.Thread(target=scan, args=(index,)) for index in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[n] for n in range(8)] == [selftest.expected_hits(each) for each in requests]


@pytest.fixture
def cache(
    compiled: NumbaKernel, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A user's cache, with what was compiled before."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    shutil.copytree(folder, tmp_path / "stampmill")
    return tmp_path / "stampmill"


STARTED = """
import sys
from stampmill.core import selftest
from stampmill.core.backends import numba_cpu
assert not numba_cpu.describe().why_not
selftest.prove(numba_cpu.load_kernel())
print([name for name in ("numba", "numpy") if name in sys.modules])
"""


@pytest.mark.usefixtures("cache")
def test_a_kernel_compiled_before_starts_without_numba() -> None:
    command = [sys.executable, "-P", "-c", STARTED]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.returncode) == ("[]\n", 0), done.stderr


@pytest.fixture
def compilations(
    compiled: NumbaKernel, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> list[object]:
    """What is compiled, without the seconds that take: it always comes to the same."""
    (file,) = folder.iterdir()
    machine_code, sources = read(file), list[object]()
    assert machine_code

    def compiled_again(source: object) -> bytes:
        sources.append(source)
        return bytes(machine_code)

    monkeypatch.setattr(numba_search, "compiled", compiled_again)
    return sources


def test_a_torn_file_is_compiled_anew(cache: Path, compilations: list[object]) -> None:
    (file,) = cache.iterdir()
    whole = file.read_bytes()
    file.write_bytes(whole[:-1])
    assert selftest.prove(numba_cpu.load_kernel())
    assert len(compilations) == 1
    assert file.read_bytes() == whole
    numba_cpu.load_kernel()
    assert len(compilations) == 1


def test_works_where_nothing_can_be_written(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    compilations: list[object],
) -> None:
    (tmp_path / "stampmill").write_text("a file is in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert selftest.prove(numba_cpu.load_kernel())
    assert len(compilations) == 1
    assert "program not cached" in caplog.text
