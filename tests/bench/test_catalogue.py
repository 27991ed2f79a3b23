import pytest

from stampmill.bench import catalogue
from stampmill.core.backends import registry
from stampmill.core.backends.info import BackendInfo, KernelInfo
from stampmill.core.backends.reference import ReferenceKernel
from stampmill.core.errors import MissingExtraError, NoDeviceError


def test_named_kernels_come_in_the_order_asked_for():
    assert [kernel.name for kernel in catalogue.load(["reference", "reference"])] == [
        "reference", "reference",
    ]  # fmt: skip


def test_an_unknown_kernel_is_an_error():
    with pytest.raises(NoDeviceError, match="no kernel 'quick'"):
        catalogue.load(["quick"])


def test_all_kernels_include_the_reference_and_the_best():
    names = [kernel.name for kernel in catalogue.load()]
    assert names[-1] == "reference"
    assert catalogue.best().name in names


def test_what_does_not_run_here_is_told(monkeypatch):
    kernels = (KernelInfo("wide", "", "CPU lacks avx512f"), KernelInfo("broken", ""))
    backends = (
        BackendInfo("cpu", "", "", kernels),
        BackendInfo("numba", "", "no Numba", (KernelInfo("numba", ""),)),
        BackendInfo("plain", ""),
    )
    monkeypatch.setattr(registry, "describe_all", lambda: backends)
    monkeypatch.setattr(registry, "load_kernel", load)
    lines = []
    assert [kernel.name for kernel in catalogue.load(skipped=lines.append)] == ["reference"]
    assert lines == [
        "wide is left out: CPU lacks avx512f",
        "broken is left out: broken needs the extra 'numba': pip install 'stampmill[numba]'",
        "numba is left out: no Numba",
    ]


def load(name):
    if name == "broken":
        raise MissingExtraError("broken", "numba")
    return ReferenceKernel()
