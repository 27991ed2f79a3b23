"""Devices that do less than they should, and those that get too hot."""

import random
from dataclasses import replace

import pytest

from stampmill.core.operate.alerts.devices import BelowExpectation, TooHot
from stampmill.core.snapshot import AlertKind, PolicyAction, PolicySnapshot, Quantity, Sensor
from tests.core.operate.alerts.runs import RATE, THREAD, Run, board, texts

MINUTE, HOUR = 60, 3600


def steady(**changed: object) -> Run:
    """Return a run that has had an hour of an even rate."""
    run = Run(BelowExpectation(0.85), **changed)
    for minute in range(60):
        assert not run.looks(MINUTE, RATE * (1 + minute % 7 / 100))
    return run


def minutes(run: Run, count: int, rate: float) -> list[str]:
    said: list[str] = []
    for _ in range(count):
        said = texts(run.looks(MINUTE, rate))
    return said


def test_a_thread_that_falls_below_its_own_past_is_told_after_ten_minutes() -> None:
    run = steady()
    assert not minutes(run, 9, 0.8 * RATE)
    (said,) = run.looks(MINUTE, 0.8 * RATE)
    assert (said.kind, said.subject) == (AlertKind.DEVICE_BELOW_EXPECTATION, "cpu")
    assert said.text == (
        "34.36 GH/s at the most in the last 10 minutes, 44.24 GH/s in those before: "
        "less than 1 in a million by chance"
    )


def test_it_is_over_when_two_minutes_are_near_again() -> None:
    run = steady()
    assert minutes(run, 11, 0.8 * RATE)
    assert minutes(run, 1, RATE)
    assert minutes(run, 1, 0.9 * RATE), "not near enough"
    assert minutes(run, 1, RATE)
    assert not minutes(run, 1, RATE)
    assert minutes(run, 10, 0.8 * RATE), "and it is held against the same past again"


@pytest.mark.parametrize("rate", [0.88, 1.2])
def test_what_is_little_or_upwards_is_not_told(rate: float) -> None:
    assert not minutes(steady(), 20, rate * RATE)


def test_without_a_past_there_is_nothing_to_hold_it_against() -> None:
    run = Run(BelowExpectation(0.85))
    assert not minutes(run, 12, RATE)
    assert not minutes(run, 12, 0.5 * RATE), "of all orders of 22, one in 646,646 ends so"


def test_a_rate_that_always_swings_is_not_told() -> None:
    chance = random.Random(3)
    run = Run(BelowExpectation(0.85))
    for _ in range(3000):
        assert not run.looks(MINUTE, RATE * chance.uniform(0.5, 1.0))


@pytest.mark.parametrize(
    "changed",
    [
        {"paused": "SIGUSR1"},
        {"policy": PolicySnapshot(PolicyAction.THROTTLE, "sun", "clouds", 0.0, 0.5)},
        {"job": None},
    ],
)
def test_minutes_that_were_not_all_work_do_not_count(changed: dict[str, object]) -> None:
    run = steady()
    run.looks(1.0, 0.0, **changed)
    assert not minutes(run, 30, 0.5 * RATE)


@pytest.mark.parametrize(
    "changed", [{"enabled": False}, {"kernel": "avx2"}, {"held": True}, {"alive": False}]
)
def test_another_crew_has_another_past(changed: dict[str, bool | str]) -> None:
    run = steady(devices=(THREAD, replace(THREAD, name="cpu1")))
    run.shot = replace(run.shot, devices=run.device(**changed))
    said = minutes(run, 30, 0.5 * RATE)
    assert said == (["has failed, and is not mined on any more"] if "alive" in changed else [])


def test_threads_are_one_and_cards_are_each_their_own() -> None:
    cards = tuple(replace(THREAD, name=f"opencl:{n}", backend="opencl") for n in range(2))
    run = steady(devices=(THREAD, replace(THREAD, name="cpu1"), *cards))
    run.looks(MINUTE, 0.5 * RATE)
    said = [finding.subject for finding in run.goes(10 * MINUTE, 0.5 * RATE)]
    assert said == ["cpu", "opencl:0", "opencl:1"]


def test_silence_is_told_of_whoever_is_silent() -> None:
    run = Run(BelowExpectation(0.85))
    run.goes(10)
    assert not run.goes(119, 0.0)
    (said,) = run.goes(1, 0.0)
    assert (said.subject, said.text) == (
        "cpu0", "no hash for more than 2.0 min, and it has work",
    )  # fmt: skip
    assert not run.goes(1)


def test_silence_without_work_is_none() -> None:
    run = Run(BelowExpectation(0.85))
    assert not run.goes(HOUR, 0.0, paused="SIGUSR1")
    assert not run.goes(100, 0.0, paused="")


def test_a_device_that_failed_is_told_till_it_is_back() -> None:
    run = Run(BelowExpectation(0.85))
    (said,) = run.goes(1, devices=run.device(alive=False))
    assert said.text == "has failed, and is not mined on any more"
    assert not run.goes(1, devices=(*run.shot.devices, THREAD))


class Boarded:
    """A run of one board, whose nonces come by chance, a second each."""

    def __init__(self, expected: float = 1.0) -> None:
        self.chance = random.Random(5)
        self.rate = expected * 2**32
        """So many nonces a second at ticket difficulty 1."""
        self.run = Run(BelowExpectation(0.85), devices=(replace(THREAD, name="b"),))
        self.nonces = 0
        self.seconds = 0
        self.show()

    def show(self) -> None:
        self.run.shot = replace(
            self.run.shot, devices=self.run.device(board=board(self.nonces, self.rate))
        )

    def goes(self, seconds: int, part: float, *, until: bool | None = None) -> list[str]:
        """Let it do a part of what it should; stop when there is, or is not, something said."""
        said: list[str] = []
        mean = part * self.rate / 2**32
        for _ in range(seconds):
            self.nonces += (
                int(self.chance.gauss(mean, mean**0.5) + 0.5)
                if mean > 50
                else sum(self.chance.random() < mean / 20 for _ in range(20))
            )
            self.seconds += 1
            hashes = self.nonces << 32
            devices = self.run.device(board=board(self.nonces, self.rate), hashes=hashes)
            said = texts(self.run.looks(1.0, part * self.rate, devices=devices))
            if until is not None and bool(said) is until:
                break
        return said


@pytest.mark.parametrize("seed", range(2))
def test_a_healthy_board_is_left_alone(seed: int) -> None:
    mill = Boarded()
    mill.chance.seed(seed)
    assert not mill.goes(HOUR, 1.0, until=True)


def test_a_slow_board_is_told_as_soon_as_it_is_sure_and_cleared_when_it_is_sure() -> None:
    mill = Boarded(expected=2.0)
    mill.goes(HOUR, 1.0)
    (text,) = mill.goes(HOUR, 0.6, until=True)
    assert mill.seconds < HOUR + 1200
    assert "of 8.59 GH/s" in text
    assert "at 85% of its rate chance brings so few 1 in " in text
    assert mill.goes(120, 1.0), "two minutes make nobody sure"
    assert not mill.goes(HOUR, 1.0, until=False)
    assert not mill.goes(HOUR // 2, 1.0, until=True)


def test_a_board_that_sends_nothing_is_told_soon() -> None:
    mill = Boarded(expected=1.0)
    assert mill.goes(HOUR, 0.0, until=True)
    assert mill.seconds <= 20


HOT = Sensor(Quantity.TEMPERATURE, "chip", 85.0)


def at(run: Run, *sensors: Sensor) -> list[str]:
    return texts(run.looks(1.0, devices=run.device(sensors=sensors)))


def test_a_sensor_at_the_limit_is_told_at_the_third_look() -> None:
    run = Run(TooHot())
    assert not at(run, HOT)
    assert not at(run, HOT)
    assert at(run, HOT, Sensor(Quantity.POWER, "chip", 500.0)) == ["chip 85 C, the limit is 85"]


def test_a_single_reading_is_a_glitch() -> None:
    run = Run(TooHot())
    for _ in range(5):
        assert not at(run, HOT)
        assert not at(run, replace(HOT, value=60.0))


def test_it_is_over_five_degrees_below() -> None:
    run = Run(TooHot())
    for _ in range(3):
        at(run, HOT)
    assert at(run, replace(HOT, value=81.0))
    assert not at(run, replace(HOT, value=80.0))


@pytest.mark.parametrize(
    ("given", "own", "value", "told"),
    [
        (None, 80.0, 75.0, True), (None, 80.0, 74.9, False), (70.0, 80.0, 70.0, True),
        (90.0, 80.0, 85.0, False), (None, None, 84.9, False), (None, 110.0, 95.0, False),
    ],
)  # fmt: skip
def test_the_limit_is_the_one_given_or_near_the_devices_own(
    given: float | None, own: float | None, value: float, told: bool
) -> None:
    run = Run(TooHot(given))
    said = [at(run, replace(HOT, value=value, limit=own)) for _ in range(3)][-1]
    assert bool(said) is told


def test_the_sensor_nearest_to_its_limit_is_named() -> None:
    run = Run(TooHot())
    regulator = Sensor(Quantity.TEMPERATURE, "regulator", 90.0, 110.0)
    chip = Sensor(Quantity.TEMPERATURE, "chip", 78.0, 80.0)
    said = [at(run, regulator, chip) for _ in range(3)][-1]
    assert said == ["chip 78 C, the limit is 75"]


def test_a_sensor_that_is_gone_is_not_hot() -> None:
    run = Run(TooHot())
    for _ in range(3):
        at(run, HOT)
    assert not at(run)
