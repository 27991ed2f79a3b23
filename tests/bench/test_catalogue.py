from stampmill.bench import catalogue
from stampmill.core.backends import registry
from stampmill.core.backends.info import BackendInfo, KernelInfo


def test_all_kernels_include_the_reference_and_the_best():
    names = catalogue.usable()
    assert "reference" in names
    assert catalogue.best().name in names


def test_what_does_not_run_here_is_told(monkeypatch):
    kernels = (KernelInfo("wide", "", "CPU lacks avx512f"), KernelInfo("narrow", ""))
    backends = (
        BackendInfo("cpu", "", "", kernels),
        BackendInfo("numba", "", "no Numba", (KernelInfo("numba", ""),)),
        BackendInfo("plain", ""),
        BackendInfo("asic", "boards hash by themselves", "no pyserial", takes_kernels=False),
    )
    monkeypatch.setattr(registry, "describe_all", lambda: backends)
    lines = []
    assert catalogue.usable(lines.append) == ["narrow", "plain"]
    assert lines == [
        "wide is left out: CPU lacks avx512f",
        "numba is left out: no Numba",
    ]
