import pytest

from stampmill.bench.scaling import energy


@pytest.fixture
def powercap(tmp_path):
    def zone(name, used, size="262143328850"):
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        (folder / "energy_uj").write_text(f"{used}\n")
        (folder / "max_energy_range_uj").write_text(f"{size}\n")

    zone("intel-rapl:0", 5_000_000)
    zone("intel-rapl:0:0", 4_000_000)
    zone("intel-rapl:1", 7_000_000)
    (tmp_path / "intel-rapl").mkdir()
    return tmp_path, zone


def test_packages_count_and_their_parts_do_not(powercap):
    folder, zone = powercap
    before = energy._packages(folder)
    assert before == {"intel-rapl:0": (5.0, 262143.32885), "intel-rapl:1": (7.0, 262143.32885)}
    zone("intel-rapl:0", 8_000_000)
    zone("intel-rapl:1", 7_500_000)
    assert energy.between(before, energy._packages(folder)) == 3.5


def test_a_counter_that_began_again_still_counts():
    assert energy.between({"x": (9.0, 10.0)}, {"x": (1.5, 10.0)}) == 2.5


def test_what_only_root_may_read_counts_as_nothing(tmp_path):
    (tmp_path / "intel-rapl:0").mkdir()
    nothing = energy._packages(tmp_path)
    assert nothing == {}
    assert energy.between(nothing, nothing) is None


def test_this_machine_can_be_asked():
    for on_gpu in (False, True):
        assert all(joules >= 0 for joules, _ in energy.read(on_gpu=on_gpu).values())
