import pytest

from stampmill.core.backends.asic.board.bare import BareBoard
from stampmill.core.backends.asic.board.base import BoardError
from stampmill.core.backends.asic.board.settings import BoardSettings
from stampmill.core.backends.asic.chip.table import BM1366, BM1370, BM1397, CHIPS, Chip
from stampmill.core.errors import UsageError


@pytest.mark.parametrize("chip", CHIPS, ids=lambda chip: chip.name)
def test_no_clock_beyond_the_chips_limit_is_taken_even_by_force(chip: Chip) -> None:
    assert BoardSettings().mhz_for(chip) == chip.default_mhz
    assert BoardSettings(mhz=chip.max_mhz).mhz_for(chip) == chip.max_mhz
    for mhz in (chip.max_mhz + 1, chip.reset_mhz - 1, 1e9):
        with pytest.raises(UsageError, match=f"{chip.max_mhz:g} MHz of {chip.name}"):
            BoardSettings(mhz=mhz, force=True).mhz_for(chip)


def test_a_boards_own_limit_counts_where_it_is_lower() -> None:
    with pytest.raises(UsageError, match="outside the 50 to 600 MHz of BM1370"):
        BoardSettings(mhz=650.0).mhz_for(BM1370, 600.0)


def test_a_chip_is_what_it_says_unless_the_user_insists() -> None:
    assert BoardSettings().chip_for(0x1370, "x") is BM1370
    assert BoardSettings(chip="BM1370").chip_for(0x1370, "x") is BM1370
    assert BoardSettings(chip="bm1366", force=True).chip_for(0x1370, "x") is BM1366
    assert BoardSettings(chip="bm1370", force=True).chip_for(0x1373, "x") is BM1370
    with pytest.raises(UsageError, match="x has BM1370, not BM1366: --force"):
        BoardSettings(chip="bm1366").chip_for(0x1370, "x")
    with pytest.raises(BoardError, match="x: chip 1373 is not known; known are bm1370"):
        BoardSettings(chip="bm1370").chip_for(0x1373, "x")


def test_a_chain_of_another_length_is_refused_unless_forced() -> None:
    BoardSettings(chips=12).check_count(12, "BM1362", "x")
    BoardSettings(chips=12, force=True).check_count(4, "BM1362", "x")
    with pytest.raises(BoardError, match="x: 4 of 12 BM1362 chips answer"):
        BoardSettings(chips=12).check_count(4, "BM1362", "x")


def test_the_line_goes_as_fast_as_the_chips_know() -> None:
    assert BoardSettings().baud_for(BM1370) is BoardSettings(baud=115_200).baud_for(BM1370) is None
    assert BoardSettings(baud=1_000_000).baud_for(BM1370) == (1_000_000, 0x11300200)
    with pytest.raises(UsageError, match="BM1397 knows 115200, 1500000, 3125000, not 1000000"):
        BoardSettings(baud=1_000_000).baud_for(BM1397)


@pytest.mark.parametrize(
    ("said", "text"),
    [({"chip": "bm1"}, "no chip 'bm1'; known are bm1370"), ({"chips": 129}, "129 is not between")],
)
def test_nonsense_is_named(said: dict[str, object], text: str) -> None:
    with pytest.raises(UsageError, match=text):
        BoardSettings(**said)  # type: ignore[arg-type]


def test_a_bare_chain_has_no_voltage_of_ours() -> None:
    with pytest.raises(UsageError, match="asic-voltage: /dev/ttyUSB0 has its power from elsewhere"):
        BareBoard("/dev/ttyUSB0", BoardSettings(volts=1.2))
