import pytest
from hypothesis import given
from hypothesis import strategies as st

from stampmill.core.backends.asic.control import ds4432u
from stampmill.core.errors import EncodingError

STEP = 0.0038


@pytest.mark.parametrize(
    ("volts", "register"),
    # What ESP-Miner's formula gives for the voltages that it offers for a BM1366 and a BM1368.
    [(1.1, 0xE1), (1.15, 0xD4), (1.166, 0xD0), (1.2, 0xC6), (1.25, 0xB9), (1.3, 0xAB)],
)
def test_the_usual_voltages(volts: float, register: int) -> None:
    assert ds4432u.code(volts) == register


def test_without_current_it_is_what_the_resistors_make() -> None:
    # 0.6 V * (4750 + 3320) / 3320
    assert ds4432u.volts(0x00) == ds4432u.volts(0x80) == pytest.approx(1.4584, abs=1e-4)


@given(st.floats(ds4432u.MIN_VOLTS, ds4432u.MAX_VOLTS))
def test_it_is_never_more_than_was_asked_for(volts: float) -> None:
    given_volts = ds4432u.volts(ds4432u.code(volts))
    assert volts - STEP < given_volts < volts + 1e-6


@given(st.integers(0, 255))
def test_every_register_comes_back(register: int) -> None:
    again = ds4432u.code(ds4432u.volts(register))
    assert ds4432u.volts(again) == pytest.approx(ds4432u.volts(register))


@pytest.mark.parametrize("volts", [0.0, 0.98, 1.94, float("nan"), -1.0])
def test_a_voltage_that_it_cannot_give_is_refused(volts: float) -> None:
    with pytest.raises(EncodingError, match=r"gives 0.99 to 1.93 V"):
        ds4432u.code(volts)
