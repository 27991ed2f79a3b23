from typing import Any

import pytest

from stampmill.core.backends.asic.chip.chain import MAX_CHIPS, Chain
from stampmill.core.backends.asic.chip.pll import Pll, pll_for
from stampmill.core.backends.asic.chip.table import BM1366, BM1370, BM1397, by_name
from tests.core.backends.asic.vectors import by_id, section

SWEEPS = [case for case in section("hcn") if "hcn_full" in case]


@pytest.mark.parametrize("case", SWEEPS, ids=lambda case: case["id"])
def test_sweeps_are_as_long_as_mujina_makes_them(case: dict[str, Any]) -> None:
    chip = by_name(case["chip"])
    assert chip is not None
    pll = Pll(case["fb_div"], case["ref_div"], case["post_div1"], case["post_div2"])
    assert Chain(chip, case["chips"]).sweep_length(pll) == int(case["hcn_guard200"], 16)


@pytest.mark.parametrize("chips", range(1, MAX_CHIPS + 1))
def test_addresses_are_even_and_fit_a_byte(chips: int) -> None:
    chain = Chain(BM1366, chips)
    assert len(set(chain.addresses)) == chips
    assert all(address < 256 and address % 2 == 0 for address in chain.addresses)
    assert chain.addresses[0] == 0


@pytest.mark.parametrize("chips", range(1, MAX_CHIPS + 1))
def test_no_sweep_runs_into_the_next_chip(chips: int) -> None:
    for mhz in (56.25, 485.0, 600.0):
        pll = pll_for(mhz, BM1366.pll)
        chain = Chain(BM1366, chips)
        swept = (2 * chain.sweep_length(pll) + 136) * pll.mhz / 25
        assert swept <= 1 << 25 - (chips - 1).bit_length()


def test_domains_are_the_s21_pros() -> None:
    ends = Chain(BM1370, 65, domain=5).domain_ends
    assert len(ends) == 13
    assert ends[0] == (0x00, 0x08)  # captured: 58 to chip 08
    assert ends[12] == (0x78, 0x80)  # captured: 2C to chip 78
    assert Chain(BM1370, 65).domain_ends == ()


def test_a_job_lasts_no_longer_than_hardware_takes() -> None:
    timing = by_id("timing", "timing-1366-epoch")
    # The factory's sweep length; hardware repeats after 3.59 s, half of it is the careful figure.
    chain = Chain(BM1366, 110)
    pll = pll_for(550.0, BM1366.pll)
    assert 1.0 < chain.job_seconds(pll, 65_536) < min(timing["observed_repeat_ms"]) / 1000


def test_a_midstate_job_lasts_as_esp_miner_counts() -> None:
    case = by_id("job_timeout", "timeout-1397")
    pll = pll_for(case["mhz"], BM1397.pll)
    seconds = Chain(BM1397, case["chips"]).job_seconds(pll, 4)
    assert seconds * case["fraction"] * 1000 == pytest.approx(case["expect_ms"], rel=1e-4)


def test_fewer_versions_make_a_shorter_job() -> None:
    chain, pll = Chain(BM1370, 1), pll_for(525.0, BM1370.pll)
    whole = chain.job_seconds(pll, 65_536)
    assert chain.job_seconds(pll, 256) == pytest.approx(whole / 256)
    assert chain.job_seconds(pll, 1) == pytest.approx(whole / 4096)
