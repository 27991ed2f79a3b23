import importlib.metadata
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from stampmill.core import native
from stampmill.core.backends import cpu, numba_cpu, registry
from stampmill.core.backends.info import BackendInfo
from stampmill.core.backends.options import BackendOptions
from stampmill.core.backends.reference import ReferenceKernel
from stampmill.core.backends.scanner import ScannerBackend
from stampmill.core.errors import MissingExtraError, NoDeviceError, UsageError, VerificationError

NO_VARIABLE: dict[str, str] = {}

needs_native = pytest.mark.skipif(not native.available(), reason=native.why_unavailable())


class ForeignBackend:
    """What a plug-in's factory returns; the table never looks inside."""

    def __init__(self, options: BackendOptions) -> None:
        self.options = options


@pytest.fixture
def plugins(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {
        registry.BACKENDS_GROUP: {"board": f"{__name__}:ForeignBackend", "cpu": "nowhere:x"},
        registry.KERNELS_GROUP: {
            "mine": "stampmill.core.backends.reference:ReferenceKernel",
            "broken": "stampmill.core.nowhere:Kernel",
        },
    }

    def entry_points(group: str) -> list[EntryPoint]:
        return [EntryPoint(name, value, group) for name, value in found[group].items()]

    monkeypatch.setattr(importlib.metadata, "entry_points", entry_points)


@pytest.mark.parametrize("name", ["cpu", "numba", "opencl", "reference"])
def test_creates_each_backend_by_name(name: str) -> None:
    assert registry.create(name).name == name


def test_a_path_is_a_shared_object_for_the_cpu_backend() -> None:
    choice = registry.choose_default(environ={"STAMPMILL_KERNEL": "/nowhere/kernel.so"})
    assert (choice.name, choice.options.kernel) == ("cpu", "/nowhere/kernel.so")


def test_an_unknown_backend_names_the_choices() -> None:
    with pytest.raises(NoDeviceError, match="no backend 'gpu9'; there are cpu, numba, opencl, ref"):
        registry.create("gpu9")


def test_an_unknown_kernel_names_the_choices() -> None:
    with pytest.raises(NoDeviceError, match="no kernel 'abacus'; there are .*numba, opencl, ref"):
        registry.choose_default(environ={"STAMPMILL_KERNEL": "abacus"})


@pytest.mark.parametrize("name", ["numba", "reference"])
def test_the_variable_forces_a_kernel(name: str) -> None:
    choice = registry.choose_default(environ={"STAMPMILL_KERNEL": name})
    assert (choice.name, choice.options.kernel) == (name, name)


@needs_native
def test_the_variable_forces_a_c_kernel_on_the_cpu_backend() -> None:
    choice = registry.choose_default(environ={"STAMPMILL_KERNEL": "generic"})
    assert (choice.name, choice.options.kernel) == ("cpu", "generic")


def test_an_option_outranks_the_variable() -> None:
    choice = registry.choose_default(
        BackendOptions(kernel="reference"), {"STAMPMILL_KERNEL": "numba"}
    )
    assert choice.name == "reference"


def test_a_kernel_of_another_backend_is_refused() -> None:
    with pytest.raises(UsageError, match="kernel 'reference' is one of backend reference"):
        registry.create("numba", BackendOptions(kernel="reference"))


@needs_native
def test_c_kernels_come_first() -> None:
    choice = registry.choose_default(environ=NO_VARIABLE)
    assert (choice.name, choice.passed_over) == ("cpu", ())


def lacks_extension(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cpu, "describe", lambda: BackendInfo("cpu", "", "no C kernels"))


def lacks_numba(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "stampmill.kernels.llvm.numba_search", None)
    monkeypatch.setenv("XDG_CACHE_HOME", "/nowhere")  # nothing was compiled before, either


def test_without_the_extension_numba_is_next(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("numba")
    lacks_extension(monkeypatch)
    choice = registry.choose_default(environ=NO_VARIABLE)
    assert choice.name == "numba"
    assert choice.passed_over == ("backend cpu is not used: no C kernels",)


def test_with_none_of_them_the_reference_runs_and_names_the_extra(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lacks_extension(monkeypatch)
    lacks_numba(monkeypatch)
    monkeypatch.setitem(sys.modules, "pyopencl", None)
    choice = registry.choose_default(environ=NO_VARIABLE)
    assert choice.name == "reference"
    assert "pip install 'stampmill[numba]'" in choice.passed_over[1]


@needs_native
def test_a_c_kernel_that_computes_wrongly_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    def select(**_: object) -> None:
        raise VerificationError("kernel avx512 fails its self-test")

    monkeypatch.setattr(native, "select", select)
    choice = registry.choose_default(environ=NO_VARIABLE)
    assert choice.name != "cpu"
    assert "fails its self-test" in choice.passed_over[0]


def test_missing_numba_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    lacks_numba(monkeypatch)
    with pytest.raises(MissingExtraError, match="the Numba backend needs the extra 'numba'"):
        numba_cpu.load_kernel()
    assert "stampmill[numba]" in numba_cpu.describe().why_not


def test_a_numba_that_cannot_be_imported_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "Numba needs NumPy 2.3 or less. Got NumPy 9.9."
    (tmp_path / "numba.py").write_text(f"raise ImportError({text!r})")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    for name in [name for name in sys.modules if name.startswith(("numba", "stampmill.kernels."))]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(NoDeviceError, match="does not work as installed: Numba needs NumPy 2.3"):
        numba_cpu.load_kernel()


def test_describes_every_backend_and_kernel() -> None:
    infos = {info.name: info for info in registry.describe_all()}
    assert list(infos)[:4] == ["cpu", "numba", "opencl", "reference"]
    assert [kernel.name for kernel in infos["cpu"].kernels] == [
        kernel.name for kernel in native.kernels()
    ]
    assert [kernel.name for kernel in infos["reference"].kernels] == ["reference"]


def test_says_what_the_missing_extension_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native, "why_unavailable", lambda: "install a C compiler")
    monkeypatch.setattr(native, "kernels", list)
    info = cpu.describe()
    assert (info.why_not, info.kernels) == ("install a C compiler", ())


def test_says_what_a_kernel_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = native.KernelInfo("wide", "a wide one", 64, 16, "avx1024")
    monkeypatch.setattr(native, "kernels", lambda: [kernel])
    assert cpu.describe().kernels[0].why_not == "CPU lacks avx1024"


@pytest.mark.usefixtures("plugins")
def test_a_plugged_in_backend_is_made_by_its_factory() -> None:
    options = BackendOptions(threads=3)
    backend = registry.create("board", options)
    assert isinstance(backend, ForeignBackend)
    assert backend.options is options


@pytest.mark.usefixtures("plugins")
def test_a_plugged_in_kernel_is_a_backend_with_our_threads() -> None:
    choice = registry.choose_default(environ={"STAMPMILL_KERNEL": "mine"})
    backend = registry.create(choice.name, choice.options)
    assert isinstance(backend, ScannerBackend)
    assert backend.name == "mine"
    assert isinstance(registry.load_kernel("mine"), ReferenceKernel)


@pytest.mark.usefixtures("plugins")
def test_a_plug_in_cannot_take_our_names() -> None:
    assert isinstance(registry.create("cpu"), ScannerBackend)


@pytest.mark.usefixtures("plugins")
def test_a_broken_plug_in_is_one_clear_error() -> None:
    with pytest.raises(NoDeviceError, match=r"plug-in 'broken' .*No module named"):
        registry.load_kernel("broken")


@pytest.mark.usefixtures("plugins")
def test_plug_ins_are_listed() -> None:
    ours = ("cpu", "numba", "opencl", "reference", "asic")
    assert registry.names() == (*ours, "board", "mine", "broken")
    assert [info.name for info in registry.describe_all()] == list(registry.names())


def test_nothing_heavy_is_imported_before_it_is_asked_for() -> None:
    code = (
        "import sys; from stampmill.core.backends import registry; "
        "registry.create('reference'); sys.exit('numba' in sys.modules or 'numpy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-P", "-c", code], check=False).returncode == 0
