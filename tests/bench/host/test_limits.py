import re
import shutil
import subprocess
from pathlib import Path

import pytest

from stampmill.bench.host import limits
from stampmill.bench.host.limits import CORES, Core, Ports, core_of

ROOT = Path(__file__).parents[3]
ZEN_5 = {"vendor_id": "AuthenticAMD", "cpu family": "26", "model": "68", "flags": "sha_ni"}
SAPPHIRE_RAPIDS = {"vendor_id": "GenuineIntel", "cpu family": "6", "model": "143"}


def named(name):
    return next(core for core in CORES if core.name == name)


@pytest.mark.parametrize(
    ("cpu", "name"),
    [
        (ZEN_5, "Zen 5"),
        ({**ZEN_5, "cpu family": "25", "model": "97"}, "Zen 4"),
        ({**ZEN_5, "cpu family": "25", "model": "33"}, "Zen 3"),
        ({**SAPPHIRE_RAPIDS, "flags": "avx2 amx_tile"}, "Golden Cove (server)"),
        ({**SAPPHIRE_RAPIDS, "model": "85"}, "Skylake-X"),
        ({**SAPPHIRE_RAPIDS, "model": "60"}, "Haswell, Broadwell"),
    ],
)
def test_a_core_is_known_by_family_and_model(cpu, name):
    assert core_of(cpu).name == name


@pytest.mark.parametrize(
    "cpu",
    [{}, {**ZEN_5, "model": "x"}, {**ZEN_5, "model": "36"}, {"CPU part": "0xd08"}],
    ids=["nothing", "nonsense", "half as wide", "arm"],
)
def test_other_cores_are_not_guessed_at(cpu):
    assert core_of(cpu) is None


def test_a_virtual_machine_may_give_another_model_but_not_other_instructions():
    masked = {**SAPPHIRE_RAPIDS, "model": "167"}
    assert core_of({**masked, "flags": "amx_tile"}).name == "Golden Cove (server)"
    assert core_of(masked).name == "Ice Lake, Tiger Lake, Rocket Lake"


def test_the_busiest_port_sets_the_limit():
    counts = {"add": 8, "xor": 4, "rotr": 2, "shr": 2}
    assert limits._busiest(counts, Ports(all=4, additions=4, shifts=4)) == 4
    assert limits._busiest(counts, Ports(all=4, additions=1, shifts=4)) == 8
    assert limits._busiest(counts, Ports(all=4, additions=4, shifts=0.4)) == 10


def test_shared_schedules_lower_the_limit_of_generated_kernels():
    alone = limits.limit("avx512", 16, 1, named("Zen 5"))
    shared = limits.limit("avx512", 16, 16, named("Zen 5"))
    assert alone.cycles == pytest.approx(alone.total / 4)
    assert 35 < shared.cycles < alone.cycles < 46
    on_haswell = limits.limit("avx2", 8, 1, named("Haswell, Broadwell"))
    shifts = on_haswell.operations["shl"] + on_haswell.operations["shr"]
    assert on_haswell.cycles == pytest.approx(shifts)


def test_shani_is_limited_by_its_rounds():
    alone, shared = (limits.limit("shani", 2, k, named("Zen 5")) for k in (1, 16))
    assert alone.cycles == shared.cycles == pytest.approx(60 * 2.17)
    assert alone.total == 60 + 18 + 22
    assert shared.total == 60 + 10.5 + 11 + 11 / 16


def test_what_is_not_known_is_none():
    assert limits.limit("foreign", 4, 1, named("Zen 5")) is None
    assert limits.limit("generic", 1, 1, named("Zen 5")) is None
    assert limits.limit("avx512", 16, 1, None).cycles is None
    assert limits.limit("avx512", 16, 1, named("Skylake")).cycles is None
    assert limits.limit("armv8", 2, 1, None).total == 29 + 30 + 18 + 22
    assert limits.limit("shani", 2, 1, named("Ice Lake, Tiger Lake, Rocket Lake")).cycles is None


def test_numba_does_what_a_generated_kernel_of_its_width_does():
    for lanes, name in ((16, "avx512"), (8, "avx2")):
        numba = limits.limit("numba", lanes, 1, named("Zen 4"))
        assert numba == limits.limit(name, lanes, 1, named("Zen 4"))
    assert limits.limit("numba", 2, 1, named("Zen 4")) is None


def test_every_row_says_where_it_is_from():
    assert all(isinstance(core, Core) and core.source for core in CORES)
    assert len({core.name for core in CORES}) == len(CORES)


@pytest.mark.parametrize(
    ("kernel", "alone", "compiler", "flags"),
    [
        ("shani", 1, "x86_64-linux-gnu-gcc", ["-mssse3", "-msse4.1", "-msha"]),
        ("armv8", 0, "aarch64-linux-gnu-gcc", ["-march=armv8-a+crypto"]),
    ],
)
def test_instructions_of_hand_written_kernels_are_as_compiled(
    kernel, alone, compiler, flags, tmp_path
):
    if shutil.which(compiler) is None:
        pytest.skip(f"no {compiler}")
    listing = tmp_path / "listing.s"
    source = ROOT / f"csrc/scan_{kernel}.c"
    subprocess.run([compiler, "-O2", "-S", *flags, str(source), "-o", str(listing)], check=True)
    found = re.findall(r"^\s+(sha256\w+)", listing.read_text(), re.MULTILINE)
    streams = 2
    # There is code for the first version, which makes the schedule, and for the others; SHA-NI has
    # more for a version that is alone.
    for name, (own, shared) in limits._HAND_WRITTEN[kernel].items():
        assert found.count(name) == streams * (2 * own + shared) + alone * (own + shared), name
