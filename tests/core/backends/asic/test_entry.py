from pathlib import Path

import msgspec
import pytest

from stampmill.core import tuning
from stampmill.core.backends.asic import entry
from stampmill.core.backends.asic.backend.backend import AsicBackend
from stampmill.core.backends.asic.board.chip_board import ChipBoard
from stampmill.core.backends.asic.link.emulation import Emulation
from stampmill.core.backends.options import BackendOptions
from stampmill.core.settings import AsicSettings
from stampmill.core.tuning import BoardSetting

PORT = "/dev/ttyUSB7"
BEST = BoardSetting(
    "BM1370 x 1", "rate", "2026-01-02T03:04:05+00:00", 587.5, None, 1.2e12, 0.001
)  # fmt: skip


@pytest.fixture(autouse=True)
def tuned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    tuning.remember_board(PORT, BEST)


def made(port: str, said: AsicSettings) -> tuple[ChipBoard, list[str]]:
    told: list[str] = []
    backend = entry.create(BackendOptions(port=port, asic=said, tell=told.append))
    assert isinstance(backend, AsicBackend)
    board = backend._board
    assert isinstance(board, ChipBoard)
    return board, told


def test_a_board_that_was_tuned_is_set_as_was_found_best_and_that_is_said() -> None:
    board, told = made(PORT, AsicSettings())
    assert (board.settings.mhz, board.settings.volts) == (587.5, None)
    assert told == [f"{PORT}: 587.5 MHz, best for rate when it was tuned ({BEST.measured_at})"]


def test_an_emulated_board_has_its_number_before_it_is_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = Emulation(kind="bitaxe-gamma", serial="emulated-7")
    for module in ("entry", "board.found"):
        path = f"stampmill.core.backends.asic.{module}.emulation_of"
        monkeypatch.setattr(path, lambda _path: told)
    tuning.remember_board("emulated-7", msgspec.structs.replace(BEST, mhz=600.0, volts=1.2))
    board, _ = made(str(tmp_path / "board"), AsicSettings())
    assert (board.settings.mhz, board.settings.volts) == (600.0, 1.2)


@pytest.mark.parametrize(
    ("port", "said", "mhz"),
    [
        ("/dev/ttyUSB8", AsicSettings(), None),
        (PORT, AsicSettings(mhz=500.0), 500.0),
        (PORT, AsicSettings(as_tuned=False), None),
    ],
)
def test_another_board_or_what_the_user_says_goes_before(
    port: str, said: AsicSettings, mhz: float | None
) -> None:
    board, told = made(port, said)
    assert board.settings.mhz == mhz
    assert told == []
