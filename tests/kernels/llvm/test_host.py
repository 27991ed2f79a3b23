import pytest

pytest.importorskip("llvmlite", reason="needs the extra 'numba'")

from stampmill.kernels.errors import GeneratorError
from stampmill.kernels.llvm.host import host, host_set, sets_of

X86, ARM = "x86_64-unknown-linux-gnu", "arm64-apple-darwin23"


@pytest.mark.parametrize(
    ("triple", "features", "names"),
    [
        (X86, "+sse2,+avx2,-avx512bw,+avx512f", ["avx512", "avx2", "sse2"]),
        (X86, "+sse2,+avx2,-avx512f", ["avx2", "sse2"]),
        (X86, "+sse2,-avx2,-avx512f", ["sse2"]),
        (X86, "", ["sse2"]),
        (ARM, "+neon,+sha2", ["neon"]),
        ("aarch64-unknown-linux-gnu", "", ["neon"]),
    ],
)
def test_sets_are_those_of_the_cpu_the_widest_first(
    triple: str, features: str, names: list[str]
) -> None:
    assert [row.name for row in sets_of(triple, features)] == names


def test_the_widest_set_is_taken_unless_lanes_are_asked_for() -> None:
    assert host_set().lanes >= host_set(4).lanes == 4


@pytest.mark.parametrize("lanes", [0, 1, 5, 32])
def test_lanes_that_the_cpu_lacks_are_refused_by_value(lanes: int) -> None:
    with pytest.raises(GeneratorError, match=f"no vectors of {lanes} lanes; it has .*4"):
        host_set(lanes)


def test_another_cpu_can_be_named_as_for_numba() -> None:
    here = host({})
    assert "," in here.features
    assert host({"NUMBA_CPU_NAME": "generic"}).features == ""
    named = host({"NUMBA_CPU_NAME": "x86-64", "NUMBA_CPU_FEATURES": "+sse2"})
    assert (named.triple, named.cpu, named.features) == (here.triple, "x86-64", "+sse2")
