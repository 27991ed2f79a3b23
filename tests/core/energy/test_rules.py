"""The rules by themselves and together: they hold on inside their bands, and the strictest wins."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stampmill.core.energy.plan import plan_of
from stampmill.core.energy.policy import (
    BASE_PERIOD,
    PERIODS,
    Facts,
    Policy,
    rests,
    seconds_to_turn,
    strictest,
)
from stampmill.core.energy.rules import RUN, Limits, Ruling
from stampmill.core.errors import UsageError
from stampmill.core.settings import EnergySettings, RuleSettings
from stampmill.core.snapshot import PolicyAction

NOON = datetime(2025, 11, 24, 12, 0, tzinfo=UTC)
PRICED = EnergySettings(price=0.3)
PAUSE, THROTTLE = PolicyAction.PAUSE, PolicyAction.THROTTLE


def policy(**rules):
    return Policy(plan_of(PRICED, RuleSettings(**rules)).limits)


def facts(**changed):
    return replace(Facts(1000.0, NOON), **changed)


def run_wide(judging, **changed):
    ruling = judging.decide(facts(**changed)).all
    return ruling.action.value, ruling.rule


def test_without_rules_nothing_is_against_running():
    assert policy().decide(facts(price=9.0, on_battery=True, heat={0: 200.0})).all == RUN


def test_outside_its_hours_a_run_is_paused_or_throttled():
    judging = policy(mine_hours=("22:00-06:00", "sat-sun 00:00-24:00"))
    ruling = judging.decide(facts()).all
    assert (ruling.action, ruling.rule) == (PAUSE, "hours")
    assert ruling.reason == "outside mine-hours 22:00-06:00, sat-sun 00:00-24:00"
    assert run_wide(judging, local=NOON.replace(hour=23)) == ("run", "")
    assert run_wide(judging, local=NOON.replace(day=29)) == ("run", "")
    throttled = policy(mine_hours=("22:00-06:00",), off_hours="throttle", throttle_to=30)
    ruling = throttled.decide(facts()).all
    assert (ruling.action, ruling.duty) == (THROTTLE, 0.3)


def test_a_high_price_pauses_until_it_is_well_below():
    judging = policy(pause_above_price=0.3, resume_below_price=0.2)
    prices = (0.3, 0.31, 0.25, 0.2001, 0.2, 0.25, 0.3, 0.35)
    assert [run_wide(judging, price=price)[0] for price in prices] == [
        "run", "pause", "pause", "pause", "run", "run", "run", "pause",
    ]  # fmt: skip
    reason = judging.decide(facts(price=0.25, currency="EUR")).all.reason
    assert reason == "price 0.25 EUR, goes on at 0.2"


def test_without_a_lower_price_it_goes_on_as_soon_as_the_price_is_not_above():
    judging = policy(pause_above_price=0.3, on_high_price="throttle")
    states = [run_wide(judging, price=price)[0] for price in (0.31, 0.3, 0.31)]
    assert states == ["throttle", "run", "throttle"]


@pytest.mark.parametrize("wanted", ["run", "throttle", "pause"])
def test_a_price_that_is_not_known_does_what_was_said(wanted):
    judging = policy(pause_above_price=0.3, on_unknown_price=wanted)
    assert run_wide(judging, price=None)[0] == wanted


def test_the_battery_counts_until_the_line_has_been_there_for_a_while():
    judging = policy(on_battery="pause")
    states = [
        run_wide(judging, on_battery=on_battery, now=now)[0]
        for now, on_battery in (
            (0, False), (1, True), (2, False), (10, False), (11, False), (12, True), (13, None),
            (22, None), (30, None),
        )
    ]  # fmt: skip
    assert states == ["run", "pause", "pause", "pause", "run", "pause", "pause", "run", "run"]
    assert run_wide(policy(on_battery="run"), on_battery=True)[0] == "run"
    assert run_wide(policy(), on_battery=True)[0] == "run"


def of_device(judging, celsius, now=0.0):
    return judging.decide(facts(now=now, heat={3: celsius})).of(3).action.value


def test_a_hot_device_rests_until_it_is_well_cooler_and_others_go_on():
    judging = policy(temp_limit=80.0)
    states = [of_device(judging, celsius) for celsius in (79.9, 80, 75.1, 75, 79)]
    assert states == ["run", "pause", "pause", "run", "run"]
    decision = judging.decide(facts(heat={0: 90.0, 1: 20.0}))
    assert (decision.all, decision.of(1)) == (RUN, RUN)
    assert decision.of(0).reason == "90 C, the limit is 80, goes on at 75"


def test_a_hot_device_that_says_nothing_any_more_is_tried_again():
    judging = policy(temp_limit=80.0, temp_resume=60.0, on_heat="throttle")
    states = [
        of_device(judging, celsius, now)
        for now, celsius in ((0, 90.0), (1, None), (299, None), (300, None), (301, None))
    ]
    assert states == ["throttle"] * 3 + ["run"] * 2


def test_new_limits_take_over_what_was_remembered():
    judging = policy(pause_above_price=0.3, resume_below_price=0.2)
    assert run_wide(judging, price=0.4)[0] == "pause"
    judging.limits = policy(pause_above_price=0.5, resume_below_price=0.1).limits
    assert run_wide(judging, price=0.2)[0] == "pause"
    judging.limits = policy().limits
    assert run_wide(judging, price=0.2)[0] == "run"


def test_of_several_rules_the_strictest_wins():
    judging = policy(
        mine_hours=("22:00-06:00",), off_hours="throttle", pause_above_price=0.3,
        on_battery="throttle", temp_limit=80.0,
    )  # fmt: skip
    assert run_wide(judging, price=0.2, on_battery=True) == ("throttle", "hours")
    assert run_wide(judging, price=0.4, on_battery=True) == ("pause", "price")
    decision = judging.decide(facts(price=0.2, on_battery=None, heat={0: 99.0}))
    assert (decision.all.action, decision.of(0).action) == (THROTTLE, PAUSE)


rulings = st.builds(
    Ruling, st.sampled_from(PolicyAction), st.text(max_size=3), st.just("why"), st.floats(0.1, 0.9)
)


@given(st.lists(rulings, min_size=1, max_size=6))
def test_no_ruling_is_stricter_than_the_strictest(several):
    winner = strictest(*several)
    assert winner in several
    assert all(ruling.severity <= winner.severity for ruling in several)
    assert any(each.action is PAUSE for each in several) == (winner.action is PAUSE)


@given(st.floats(0.2, 0.3, exclude_min=True), st.lists(st.floats(0.0, 1.0)), st.data())
def test_inside_its_band_a_price_changes_nothing(inside, before, data):
    judging = policy(pause_above_price=0.3, resume_below_price=0.2)
    for price in before:
        state = run_wide(judging, price=price)
    state = run_wide(judging, price=inside)
    for _ in range(5):
        price = data.draw(st.floats(0.2, 0.3, exclude_min=True))
        assert run_wide(judging, price=price) == state


@given(st.lists(st.floats(40.0, 120.0), max_size=30))
def test_a_temperature_changes_what_is_done_only_at_its_two_limits(course):
    judging, hot = policy(temp_limit=80.0, temp_resume=70.0), False
    for celsius in course:
        hot = celsius >= 80.0 or (hot and celsius > 70.0)
        assert of_device(judging, celsius) == ("pause" if hot else "run")


@pytest.mark.parametrize("backend", ["cpu", "opencl", "asic"])
@given(duty=st.floats(0.1, 0.9), start=st.floats(0, 1e6))
def test_a_throttled_device_works_its_part_of_the_time_and_turns_when_it_said(backend, duty, start):
    ruling = Ruling(THROTTLE, duty=duty)
    period = PERIODS.get(backend, BASE_PERIOD)
    steps = [rests(ruling, backend, start + period * step / 500) for step in range(500)]
    assert steps.count(False) / 500 == pytest.approx(duty, abs=0.005)
    turn = seconds_to_turn(ruling, backend, start)
    assert 0 < turn <= period
    assert (
        rests(ruling, backend, start + turn - 1e-3) == rests(ruling, backend, start) or turn < 2e-3
    )
    assert (
        rests(ruling, backend, start + turn + 1e-3) != rests(ruling, backend, start) or turn < 2e-3
    )


def test_who_runs_or_pauses_turns_by_no_clock():
    assert seconds_to_turn(RUN, "cpu", 5.0) is None
    assert (rests(RUN, "cpu", 5.0), rests(Ruling(PAUSE), "cpu", 5.0)) == (False, True)
    assert PERIODS["asic"] * 0.1 >= 60, "chips are left alone for a minute at the least"


@pytest.mark.parametrize(
    ("rules", "why"),
    [
        ({"resume_below_price": 0.2}, "resume-below-price: say pause-above-price as well"),
        (
            {"pause_above_price": 0.2, "resume_below_price": 0.3},
            "resume-below-price 0.3 is above pause-above-price 0.2",
        ),
        ({"pause_above_price": float("nan")}, "pause-above-price 'nan' is no price"),
        (
            {"pause_above_price": 0.2, "resume_below_price": float("-inf")},
            "resume-below-price '-inf' is no price",
        ),
        ({"temp_limit": 358.0}, "temp-limit 358 is not 25 .. 150 C"),
        ({"temp_limit": 80.0, "temp_resume": 80.0}, "temp-resume 80 is not between 20 and"),
        ({"temp_resume": 70.0}, "temp-resume: say temp-limit as well"),
        ({"mine_hours": ("25:00-26:00",)}, "mine-hours '25:00-26:00': there is no 25:00"),
    ],
)
def test_rules_that_cannot_be_are_named(rules, why):
    with pytest.raises(UsageError) as error:
        plan_of(PRICED, RuleSettings(**rules))
    assert str(error.value).startswith(why)


def test_a_price_rule_without_a_price_is_named():
    with pytest.raises(UsageError, match="no price is given; add price, price-band, price-file"):
        plan_of(EnergySettings(), RuleSettings(pause_above_price=0.3))


def test_a_plan_knows_whether_it_has_rules():
    assert not plan_of(PRICED, RuleSettings()).has_rules
    assert not plan_of(EnergySettings(), RuleSettings()).is_asked_for
    assert plan_of(PRICED, RuleSettings()).is_asked_for
    for rules in ({"on_battery": "run"}, {"temp_limit": 80.0}, {"mine_hours": ("1:00-2:00",)}):
        assert plan_of(PRICED, RuleSettings(**rules)).has_rules
    assert isinstance(plan_of(PRICED, RuleSettings()).limits, Limits)
