from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from stampmill.core import native, tuning
from stampmill.core.tuning import BoardSetting, Device, Tuned

CPU = Device("cpu Some Model 6 1 2", "", "abcd")
GPU = Device("opencl Some Board", "driver 1.2", "ef01")


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """Where caches go in these tests."""
    tuning._entry.cache_clear()
    return {"XDG_CACHE_HOME": str(tmp_path)}


def tuned(device: Device, *order: str) -> Tuned:
    rates = {name: {"1": 1e6, "16": 2e6} for name in order}
    return Tuned(device.driver, device.build, "2026-01-02T03:04:05+00:00", order, rates)


def write(environ: dict[str, str], text: str) -> None:
    file = tuning.path(environ)
    assert file is not None
    file.parent.mkdir(parents=True)
    file.write_text(text)


def test_nothing_is_known_and_nothing_said_before_the_first_tuning(
    environ: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    assert tuning.order(CPU, environ) == ()
    assert tuning.order(CPU, {}) == ()
    assert caplog.messages == []


def test_what_was_measured_is_remembered_for_each_device(environ: dict[str, str]) -> None:
    file = tuning.remember(CPU, tuned(CPU, "two", "one"), environ)
    assert tuning.remember(GPU, tuned(GPU, "wide", "narrow"), environ) == file
    assert file.name == "tune.json"
    assert tuning.order(CPU, environ) == ("two", "one")
    assert tuning.order(GPU, environ) == ("wide", "narrow")
    assert tuning.order(replace(CPU, name="cpu Other"), environ) == ()
    assert list(file.parent.iterdir()) == [file]


def test_a_later_tuning_replaces_an_earlier_one(environ: dict[str, str]) -> None:
    tuning.remember(CPU, tuned(CPU, "two", "one"), environ)
    assert tuning.order(CPU, environ) == ("two", "one")
    tuning.remember(CPU, tuned(CPU, "one", "two"), environ)
    assert tuning.order(CPU, environ) == ("one", "two")


@pytest.mark.parametrize(
    "now",
    [replace(GPU, build="other"), replace(GPU, driver="driver 1.3")],
    ids=["build", "driver"],
)
def test_a_stale_entry_is_ignored_with_one_line(
    now: Device, environ: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    tuning.remember(GPU, tuned(GPU, "wide"), environ)
    for _ in range(3):
        assert tuning.order(now, environ) == ()
    (line,) = caplog.messages
    assert "measured at 2026-01-02T03:04:05+00:00 with another build" in line
    assert "cure=stampmill bench tune" in line


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"format": 2, "devices": {}}', '{"format": 1, "devices": {"cpu": 7}}', "\0"],
)
def test_a_broken_file_is_ignored_with_one_line_and_written_anew(
    text: str, environ: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    write(environ, text)
    assert tuning.order(CPU, environ) == ()
    assert tuning.order(CPU, environ) == ()
    (line,) = caplog.messages
    assert line.startswith("tuning ignored: file=")
    tuning.remember(CPU, tuned(CPU, "one"), environ)
    assert tuning.order(CPU, environ) == ("one",)


def test_home_is_where_caches_go_by_default() -> None:
    assert tuning.path({"HOME": "/home/x"}) == Path("/home/x/.cache/stampmill/tune.json")
    assert tuning.path({"XDG_CACHE_HOME": "/c", "HOME": "/home/x"}) == Path(
        "/c/stampmill/tune.json"
    )
    assert tuning.path({}) is None
    with pytest.raises(FileNotFoundError, match="neither XDG_CACHE_HOME nor HOME"):
        tuning.remember(CPU, tuned(CPU), {})


def test_the_cpu_has_a_name_and_no_driver() -> None:
    cpu = tuning.cpu("abcd")
    assert cpu.name.startswith("cpu ")
    assert len(cpu.name) > len("cpu ")
    assert (cpu.driver, cpu.build) == ("", "abcd")


@pytest.mark.skipif(not native.available(), reason=native.why_unavailable() or "built")
class TestNativeKernels:
    def test_come_in_the_order_measured_here(self, environ: dict[str, str]) -> None:
        usual = [info.name for info in native.kernels(environ)]
        tuning.remember(native.device(), tuned(native.device(), "generic"), environ)
        assert [info.name for info in native.kernels(environ)] == ["generic", *usual[:-1]]
        assert native.select(environ=environ).name == "generic"

    def test_one_asked_for_goes_before_the_order(self, environ: dict[str, str]) -> None:
        tuning.remember(native.device(), tuned(native.device(), "generic"), environ)
        other = native.kernels({})[0].name
        assert native.select(other, environ).name == other
        assert native.select(environ={**environ, "STAMPMILL_KERNEL": other}).name == other

    def test_that_are_gone_are_forgotten(self, environ: dict[str, str]) -> None:
        tuning.remember(native.device(), tuned(native.device(), "vanished"), environ)
        assert native.kernels(environ) == native.kernels({})


def test_the_file_can_be_read_by_a_person(environ: dict[str, str]) -> None:
    file = tuning.remember(CPU, tuned(CPU, "two", "one"), environ)
    entry = msgspec.json.decode(file.read_bytes())["devices"][CPU.name]
    assert entry["order"] == ["two", "one"]
    assert entry["hashes_per_second"]["one"]["16"] == 2e6
    assert len(file.read_text().splitlines()) > 10


def test_what_is_kept_beside_the_file_goes_when_no_entry_names_it(environ: dict[str, str]) -> None:
    name, digest = tuning.keep(b"code", environ)
    variant = tuning.Variant("mine", name, digest, (("k", 2),))
    kept = msgspec.structs.replace(tuned(CPU, "mine"), variants=(variant,))
    file = tuning.remember(CPU, kept, environ)
    assert tuning.entry(CPU, environ) == kept
    assert tuning.library(variant, environ) == file.parent / name
    outside = msgspec.structs.replace(variant, file=f"../{file.parent.name}/{name}")
    assert tuning.library(outside, environ) is None
    tuning.remember(CPU, tuned(CPU, "other"), environ)
    assert tuning.library(variant, environ) is None


BOARD = BoardSetting("bitaxe-gamma", "rate", "2026-01-02T03:04:05+00:00", 600.0, 1.2, 1.2e12, 0.001)


def test_a_boards_setting_is_kept_by_its_number_beside_devices(environ: dict[str, str]) -> None:
    assert tuning.board("b1", environ) is tuning.board("b1", {}) is None
    tuning.remember(CPU, tuned(CPU, "two", "one"), environ)
    tuning.remember_board("b1", BOARD, environ)
    tuning.remember(GPU, tuned(GPU, "wide"), environ)
    tuning.remember_board("b2", msgspec.structs.replace(BOARD, mhz=525.0), environ)
    assert tuning.board("b1", environ) == BOARD
    assert tuning.order(CPU, environ) == ("two", "one")
    assert tuning.order(GPU, environ) == ("wide",)
    assert tuning.board("b3", environ) is None


def test_a_broken_file_says_nothing_of_boards_and_is_said_to(
    environ: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    write(environ, "{")
    assert tuning.board("b1", environ) is None
    assert "tuning ignored" in caplog.text
