import os
import shlex
import subprocess
import sys
import sysconfig
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from stampmill.core import native
from stampmill.core.errors import NoDeviceError, ScanRequestError, VerificationError
from stampmill.core.scan import CancelWord, Hit, ScanRequest, ScanResult, ScanStatus

ROOT = Path(__file__).parents[2]
COMPILER = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")

needs_extension = pytest.mark.skipif(
    not native.available(), reason=native.why_unavailable() or "built"
)

Build = Callable[..., str]


@pytest.fixture
def foreign(tmp_path: Path) -> Build:
    """Builds the kernel of tests/csrc/foreign.c with some macros, and returns its path."""

    def build(*macros: str) -> str:
        path = tmp_path / "foreign.so"
        source = ROOT / "tests/csrc/foreign.c"
        options = [*(f"-D{macro}" for macro in macros), f"-I{ROOT / 'csrc'}", "-shared", "-fPIC"]
        try:
            subprocess.run([*COMPILER, *options, str(source), "-o", str(path)], check=True)
        except OSError as error:
            pytest.skip(f"no C compiler: {error}")
        return str(path)

    return build


def untested(path: str) -> native.NativeKernel:
    """Return the kernel of a shared object as if it were one of this build."""
    from stampmill.core._native import ffi  # noqa: PLC0415  the extension may be missing

    return native.NativeKernel(ffi.cast("const sm_kernel *", native._exported_address(path)))


def wrong(foreign: Build) -> native.NativeKernel:
    return untested(foreign("WRONG"))


def bind(monkeypatch: pytest.MonkeyPatch, *kernels: native.NativeKernel) -> None:
    """Make these the kernels of this build, fastest first."""
    monkeypatch.setattr(native, "_bound", lambda: {kernel.name: kernel for kernel in kernels})


@needs_extension
class TestTable:
    def test_generic_is_last_and_runs_anywhere(self) -> None:
        generic = native.kernels(environ={})[-1]
        assert (generic.name, generic.lanes, generic.why_not) == ("generic", 1, "")

    def test_names_are_unique_and_described(self) -> None:
        infos = native.kernels()
        assert len({info.name for info in infos}) == len(infos)
        assert all(info.description and info.max_versions == 16 for info in infos)

    def test_order_and_lanes_are_those_of_the_instruction_sets(self) -> None:
        x86 = [("avx512", 16), ("shani", 16), ("avx2", 8), ("sse2", 4)]
        fastest_first = [*x86, ("armv8", 2), ("neon", 4), ("generic", 1)]
        lanes = [(info.name, info.lanes) for info in native.kernels(environ={})]
        assert lanes == [pair for pair in fastest_first if pair in lanes]


@needs_extension
class TestSelect:
    def test_takes_the_first_that_runs_here(self) -> None:
        usable = [info for info in native.kernels(environ={}) if info.supported]
        assert native.select(environ={}).info == usable[0]

    def test_variable_forces_a_kernel(self) -> None:
        assert native.select(environ={"STAMPMILL_KERNEL": "generic"}).name == "generic"

    def test_name_goes_before_the_variable(self) -> None:
        kernel = native.select("generic", environ={"STAMPMILL_KERNEL": "no such"})
        assert kernel.name == "generic"

    def test_empty_variable_forces_nothing(self) -> None:
        assert native.select(environ={"STAMPMILL_KERNEL": ""}) is native.select(environ={})

    def test_unknown_name_is_refused_with_the_names_there_are(self) -> None:
        with pytest.raises(NoDeviceError, match=r"'avx3'.*available here: .*generic"):
            native.select("avx3")

    def test_kernel_that_this_cpu_cannot_run_is_refused_with_what_lacks(
        self, foreign: Build, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        bind(monkeypatch, untested(foreign('LACKS="avx99"')))
        with pytest.raises(NoDeviceError, match="'foreign': CPU lacks avx99"):
            native.select("foreign")

    def test_kernel_that_fails_its_self_test_is_passed_over_with_one_warning(
        self, foreign: Build, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        generic = native.select("generic")
        bind(monkeypatch, wrong(foreign), generic)
        assert native.select(environ={}) is generic
        assert native.select(environ={}) is generic
        (line,) = caplog.messages
        assert line.startswith("kernel passed over: name=foreign failure=")

    def test_kernel_that_is_forced_and_fails_its_self_test_is_refused(
        self, foreign: Build, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        bind(monkeypatch, wrong(foreign), native.select("generic"))
        with pytest.raises(VerificationError, match="kernel foreign fails its self-test: "):
            native.select(environ={"STAMPMILL_KERNEL": "foreign"})

    def test_no_kernel_is_left_if_all_fail_their_self_test(
        self, foreign: Build, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        bind(monkeypatch, wrong(foreign))
        with pytest.raises(VerificationError, match="kernel foreign fails its self-test: "):
            native.select(environ={})


@needs_extension
class TestLoad:
    def test_foreign_kernel_scans_like_ours(self, foreign: Build) -> None:
        kernel = native.select(foreign())
        request = ScanRequest(bytes(range(76)), (1, 2), 0, 4096, 1 << 248)
        ours = native.select("generic").scan(request, CancelWord())
        assert kernel.name == "foreign"
        assert kernel.scan(request, CancelWord()) == ours
        assert ours.hits

    def test_more_versions_than_it_takes_are_refused(self, foreign: Build) -> None:
        kernel = native.load(foreign())
        with pytest.raises(ScanRequestError, match="kernel foreign: the number of versions"):
            kernel.scan(ScanRequest(bytes(76), (1, 2, 3), 0, 1, 0), CancelWord())

    def test_kernel_that_misses_hits_fails_its_self_test(self, foreign: Build) -> None:
        with pytest.raises(VerificationError, match="kernel foreign fails its self-test: "):
            native.load(foreign("WRONG"))

    def test_other_abi_version_is_refused(self, foreign: Build) -> None:
        with pytest.raises(NoDeviceError, match="its ABI version is 99, ours 1"):
            native.load(foreign("ABI_VERSION=99"))

    @pytest.mark.parametrize(("name", "told"), [('"avx99"', "avx99"), ("0", "something it needs")])
    def test_unsupported_kernel_is_refused_with_what_lacks(
        self, foreign: Build, name: str, told: str
    ) -> None:
        with pytest.raises(NoDeviceError, match=f"CPU lacks {told}"):
            native.load(foreign(f"LACKS={name}"))

    def test_export_of_nothing_is_refused(self, foreign: Build) -> None:
        with pytest.raises(NoDeviceError, match=r"stampmill_kernel\(\) returned NULL"):
            native.load(foreign("EXPORTED=0"))

    def test_path_without_a_library_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(NoDeviceError, match=r"no kernel in .*missing\.so"):
            native.select(str(tmp_path / "missing.so"))


@needs_extension
class TestScan:
    def test_hit_carries_the_version_itself_not_its_index(self) -> None:
        request = ScanRequest(bytes(76), (0x20000000, 0xFFFFFFFF), 7, 8, (1 << 256) - 1)
        result = native.select().scan(request, CancelWord())
        assert result.hits == (Hit(7, 0x20000000), Hit(7, 0xFFFFFFFF))
        assert (result.status, result.next_nonce) == (ScanStatus.DONE, 8)

    def test_calls_leave_no_lock_on_the_cancel_word(self) -> None:
        cancel = CancelWord()
        native.select().scan(ScanRequest(bytes(76), (1,), 0, 64, 0), cancel)
        cancel.memory.append(0)  # raises BufferError while someone still holds its memory

    @pytest.mark.parametrize("info", native.kernels(), ids=lambda info: info.name)
    def test_cancel_is_seen_at_once(self, info: native.KernelInfo) -> None:
        if not info.supported:
            pytest.skip(info.why_not)
        # 100 microseconds are promised; a thread must wake up as well, on a machine that may be
        # busy with other tests: the best of a few stays well below ten times that.
        assert min(cancel_latency(native.select(info.name)) for _ in range(10)) < 1e-3


def cancel_latency(kernel: native.NativeKernel) -> float:
    """Return the seconds from a cancel in the middle of a long scan to its return."""
    request = ScanRequest(bytes(76), tuple(range(16)), 0, 1 << 32, target=0)

    def timed_scan(cancel: CancelWord) -> tuple[ScanResult, float]:
        return kernel.scan(request, cancel), time.perf_counter()

    with ThreadPoolExecutor(1) as pool:
        while True:
            cancel = CancelWord()
            scan = pool.submit(timed_scan, cancel)
            threading.Event().wait(0.002)  # let it get under way
            start = time.perf_counter()
            cancel.set()
            result, end = scan.result(timeout=60)
            assert result.status is ScanStatus.CANCELLED
            if result.next_nonce > 0:
                return end - start


def test_without_the_extension_the_module_says_why_and_offers_nothing() -> None:
    script = """
import sys
sys.modules["stampmill.core._native"] = None
from stampmill.core import native
from stampmill.core.errors import NoDeviceError
assert not native.available() and native.kernels() == []
for ask in (native.select, lambda: native.load("x.so")):
    try:
        ask()
    except NoDeviceError as error:
        assert str(error) == native.why_unavailable()
    else:
        raise AssertionError
print(native.why_unavailable())
"""
    run = subprocess.run(
        [sys.executable, "-P", "-c", script], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    assert "the C kernels are not built" in run.stdout
    assert "STAMPMILL_NATIVE=require" in run.stdout
