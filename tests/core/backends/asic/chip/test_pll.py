from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stampmill.core.backends.asic.chip.pll import RAMP_STEP_MHZ, Pll, pll_for, pll_of_word, ramp
from stampmill.core.backends.asic.chip.table import CHIPS, Chip, by_name
from stampmill.core.backends.asic.wire.commands import write
from tests.core.backends.asic.vectors import cases, section

# Solvers differ; ours is the newer ESP-Miner's. Captures of factory firmware agree where it takes
# the slowest oscillator too, the others are pinned by their frequency alone.
FROM_SOLVER = [case for case in section("pll") if case["id"].startswith("pll-esp-")]


def chip_of(case: dict[str, Any]) -> Chip:
    chip = by_name(case["chip"])
    assert chip is not None
    return chip


@cases("pll")
def test_every_word_reads_as_the_vectors_say(case: dict[str, Any]) -> None:
    pll = pll_of_word(int(case["reg_value"], 16), chip_of(case).pll)
    assert pll is not None
    dividers = (pll.feedback, pll.reference, pll.post1, pll.post2)
    assert dividers == tuple(case[key] for key in ("fb_div", "ref_div", "post_div1", "post_div2"))
    assert (pll.vco_mhz, pll.mhz) == (case["vco_mhz"], case["out_mhz"])
    assert write(0x08, pll.word).encode().hex() == case["frame"]


@cases("pll")
def test_every_frequency_of_the_vectors_is_met(case: dict[str, Any]) -> None:
    assert pll_for(case["out_mhz"], chip_of(case).pll).mhz == case["out_mhz"]


@pytest.mark.parametrize("case", FROM_SOLVER, ids=lambda case: case["id"])
def test_the_solver_chooses_as_firmware_does(case: dict[str, Any]) -> None:
    assert pll_for(case["target_mhz"], chip_of(case).pll).word == int(case["reg_value"], 16)


def test_most_captured_steps_are_chosen_too() -> None:
    captured = [case for case in section("pll") if case["id"].startswith("pll-s19jpro")]
    agreeing = [
        case
        for case in captured
        if pll_for(case["out_mhz"], chip_of(case).pll).word == int(case["reg_value"], 16)
    ]
    assert len(agreeing) >= len(captured) - 4


@given(st.sampled_from(CHIPS), st.floats(60, 700))
def test_settings_stay_within_limits_and_near_the_wish(chip: Chip, mhz: float) -> None:
    pll = pll_for(mhz, chip.pll)
    assert pll.feedback in chip.pll.feedback
    assert chip.pll.vco_mhz[0] <= pll.vco_mhz <= chip.pll.vco_mhz[1]
    assert abs(pll.mhz - mhz) < RAMP_STEP_MHZ
    assert pll_of_word(pll.word, chip.pll) == pll


@pytest.mark.parametrize("word", [0x40000240, 0x40A80030])
def test_a_word_without_dividers_is_no_setting(word: int) -> None:
    assert pll_of_word(word, CHIPS[0].pll) is None


@given(st.floats(50, 700), st.floats(50, 700))
def test_a_ramp_never_skips_and_ends_at_its_target(start: float, target: float) -> None:
    steps = [start, *ramp(start, target)]
    assert steps[-1] == target
    largest = RAMP_STEP_MHZ + 1e-9  # but for the rounding of sums
    assert all(abs(after - before) <= largest for before, after in pairwise(steps))
    assert sorted(steps, reverse=target < start) == steps


def test_a_ramp_to_where_it_is_has_no_step() -> None:
    assert list(ramp(525.0, 525.0)) == []


def test_the_flag_marks_a_fast_oscillator() -> None:
    assert Pll(192, 2, 4, 1).word >> 24 == 0x50  # exactly 2400 MHz, captured
    assert Pll(191, 2, 4, 1).word >> 24 == 0x40
    assert Pll(194, 2, 5, 1, minus_one=False).word >> 24 == 0x40
