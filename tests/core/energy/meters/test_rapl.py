import pytest

from stampmill.core.energy.meters import rapl


@pytest.fixture
def powercap(tmp_path):
    def zone(name, used, size="262143328850"):
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        (folder / "energy_uj").write_text(f"{used}\n")
        (folder / "max_energy_range_uj").write_text(f"{size}\n")
        return folder

    return tmp_path, zone


def test_packages_count_and_their_parts_do_not(powercap):
    folder, zone = powercap
    zone("intel-rapl:0", 5_000_000)
    zone("intel-rapl:0:0", 4_000_000)
    zone("intel-rapl:1", 7_000_000)
    (folder / "intel-rapl").mkdir()
    assert rapl.read(folder) == {
        "intel-rapl:0": (5.0, 262143.32885),
        "intel-rapl:1": (7.0, 262143.32885),
    }
    assert rapl.why_not(folder) == ""


def test_a_machine_without_counters_says_what_to_do(tmp_path):
    for folder in (tmp_path, tmp_path / "none"):
        assert rapl.read(folder) == {}
        assert "a virtual machine" in rapl.why_not(folder)
        assert "--power cpu=WATTS" in rapl.why_not(folder)


def test_a_refusal_is_named_with_the_cure(powercap, monkeypatch):
    folder, zone = powercap
    zone("intel-rapl:0", 1)

    def refuse(*_arguments, **_more):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(folder), "read_text", refuse)
    assert rapl.read(folder) == {}
    assert "intel-rapl:0/energy_uj is for root alone" in rapl.why_not(folder)
    assert "sudo chmod a+r" in rapl.why_not(folder)


def test_nonsense_is_no_counter(powercap):
    folder, zone = powercap
    zone("intel-rapl:0", "soon")
    assert rapl.read(folder) == {}
    assert "say it with --power" in rapl.why_not(folder)
