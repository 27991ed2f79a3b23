"""Vardiff against simulated miners: shares by chance, a line with latency, a clock by hand."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from statistics import mean, median

import pytest

from stampmill.core.chain.target import DIFFICULTY_1_TARGET, expected_hashes
from stampmill.pool.server.options import DEFAULT_START_DIFFICULTY
from stampmill.pool.server.vardiff import HIGHEST, Vardiff, VardiffRules, rounded

RATES = [1e3, 1e4, 1e5, 3e5, 1e6, 1e7, 1e8, 1e9]
SEEDS = range(15)
LATENCY = 0.002
TICK = 0.25
HASHES = expected_hashes(DIFFICULTY_1_TARGET)


def rules(interval: float = 1.0, start: float = DEFAULT_START_DIFFICULTY) -> VardiffRules:
    return VardiffRules(interval, start, lowest=1e-8)


@dataclass
class Simulation:
    """One miner of a given rate; its rate may be changed while it runs."""

    rate: float
    seed: int = 1
    rules: VardiffRules = field(default_factory=rules)
    starts_at: float = 0.0

    def __post_init__(self) -> None:
        self.random = Random(self.seed)
        self.vardiff = Vardiff(self.rules, 0.0)
        self.shares: list[float] = []
        self.changes: list[tuple[float, float]] = [(0.0, self.vardiff.difficulty)]
        self.now = 0.0
        self._at_miner = (self.vardiff.difficulty, self.vardiff.generation)
        self._on_the_way: list[tuple[float, tuple[float, int]]] = []
        self._next_tick = TICK

    def run(self, until: float) -> "Simulation":
        for kind, at in self._happenings(until):
            self.now = at
            if kind == "told":
                self._at_miner = self._on_the_way.pop(0)[1]
            elif kind == "tick":
                self._next_tick += TICK
                self._note(self.vardiff.tick(at))
            else:
                self.shares.append(at)
                if self._at_miner[1] == self.vardiff.generation:
                    self._note(self.vardiff.share(at))
        return self

    def ideal(self) -> float:
        return self.rate * self.rules.share_interval / HASHES

    def converged_at(self, factor: float = 3) -> float:
        """The first time at which the difficulty was about right."""
        right = (at for at, d in self.changes if self.ideal() / factor < d < self.ideal() * factor)
        return next(right, float("inf"))

    def shares_in(self, start: float, end: float) -> int:
        return sum(start <= at < end for at in self.shares)

    def _note(self, changed: bool) -> None:
        if changed:
            told = (self.vardiff.difficulty, self.vardiff.generation)
            self._on_the_way.append((self.now + LATENCY, told))
            self.changes.append((self.now, self.vardiff.difficulty))

    def _happenings(self, until: float) -> Iterator[tuple[str, float]]:
        while True:
            seconds = self._at_miner[0] * HASHES / self.rate
            happenings = [
                ("share", max(self.now, self.starts_at) + self.random.expovariate(1 / seconds)),
                ("tick", self._next_tick),
                *(("told", at) for at, _ in self._on_the_way[:1]),
            ]
            kind, at = min(happenings, key=lambda each: each[1])
            if at >= until:
                return
            yield kind, at


@pytest.mark.parametrize("rate", [1e5, 3e5, 1e6, 1e7, 1e8, 1e9])
def test_first_share_within_about_a_second(rate: float) -> None:
    firsts = [Simulation(rate, seed).run(10).shares[0] for seed in SEEDS]
    assert median(firsts) < 0.5
    assert max(firsts) < 2


@pytest.mark.parametrize("rate", RATES)
def test_difficulty_is_about_right_within_seconds(rate: float) -> None:
    times = [Simulation(rate, seed).run(60).converged_at() for seed in SEEDS]
    # Up to 100 kH/s the first shares alone take seconds.
    assert median(times) < (3 if rate > 1e5 else 6)
    assert max(times) < 25


@pytest.mark.parametrize("rate", RATES)
def test_no_miner_floods_the_server_while_the_difficulty_is_found(rate: float) -> None:
    assert max(Simulation(rate, seed).run(5).shares_in(0, 5) for seed in SEEDS) < 150


@pytest.mark.parametrize("interval", [0.5, 1.0, 5.0])
@pytest.mark.parametrize("rate", RATES)
def test_share_rate_is_held_over_six_orders_of_magnitude(rate: float, interval: float) -> None:
    counts = [
        Simulation(rate, seed, rules(interval))
        .run(120 * interval)
        .shares_in(20 * interval, 120 * interval)
        for seed in SEEDS
    ]
    assert mean(counts) == pytest.approx(100, rel=0.25)
    assert min(counts) > 40


def test_settled_difficulty_is_left_alone() -> None:
    changes = [len(Simulation(1e6, seed).run(320).changes) for seed in SEEDS]
    early = [len(Simulation(1e6, seed).run(20).changes) for seed in SEEDS]
    assert mean(changes) - mean(early) < 5, "changes in 300 seconds of a steady miner"


@pytest.mark.parametrize("factor", [100, 10, 1 / 10, 1 / 100])
def test_change_of_the_miners_rate_is_followed(factor: float) -> None:
    for seed in SEEDS:
        simulation = Simulation(1e7, seed).run(60)
        simulation.rate *= factor
        simulation.run(180)
        assert 30 < simulation.shares_in(120, 180) < 120


def test_miner_that_starts_late_gets_there_as_well() -> None:
    simulation = Simulation(3e5, starts_at=30).run(60)
    assert simulation.shares[0] < 31
    assert 10 < simulation.shares_in(40, 60) < 40


def test_stopped_miner_sinks_to_the_lowest_and_no_further() -> None:
    vardiff = Simulation(1e7).run(30).vardiff
    for second in range(30, 300):
        vardiff.tick(second)
    assert vardiff.difficulty == 1e-8
    assert not vardiff.tick(1000)


def test_steps_are_bounded_however_many_shares_come_at_once() -> None:
    vardiff = Vardiff(rules(start=1.0), 0.0)
    told = [vardiff.share(5.0) for _ in range(6)]
    assert told == [False] * 5 + [True]
    assert vardiff.difficulty == 16


def test_time_before_the_first_share_is_not_measured() -> None:
    vardiff = Vardiff(rules(start=1.0), 0.0)
    for number in range(12):
        assert not vardiff.share(1.9 + number)
    assert vardiff.settled
    assert vardiff.difficulty == 1.0


def test_calm_begins_half_an_interval_behind_the_last_change() -> None:
    vardiff = Vardiff(rules(), 0.0)
    vardiff.begin(10.0)
    assert [vardiff.calm(now) for now in (10.0, 10.4, 10.5)] == [False, False, True]
    vardiff.suggest(1.0, 20.0)
    assert [vardiff.calm(now) for now in (20.4, 20.5)] == [False, True]
    vardiff.suggest(1.0, 30.0)
    assert vardiff.calm(30.0)
    assert Vardiff(VardiffRules(1.0, 1.0, 1.0, fixed=True), 0.0).calm(0.0)


def test_suggestion_is_taken_and_measured_from() -> None:
    vardiff = Vardiff(rules(), 0.0)
    assert vardiff.suggest(100.0, 1.0)
    assert (vardiff.difficulty, vardiff.generation) == (100, 1)
    assert not vardiff.suggest(100.0, 2.0)
    assert vardiff.generation == 1


def test_demanded_floor_is_kept_exactly_and_raises_at_once() -> None:
    vardiff = Vardiff(rules(), 0.0)
    assert vardiff.demand(0.123456, 0.0)
    assert vardiff.difficulty == 0.123456
    for second in range(100):
        assert not vardiff.tick(second)
    assert not vardiff.demand(1e-12, 100.0)
    assert vardiff.tick(103)


def test_limit_is_never_passed() -> None:
    vardiff = Vardiff(rules(start=1000.0), 0.0)
    vardiff.limit(16.5, 0.0)
    assert vardiff.difficulty == 16.5
    assert not vardiff.suggest(1e9, 0.0)
    assert not any(vardiff.share(0.001 * number) for number in range(50))
    assert vardiff.difficulty == 16.5


def test_absurd_suggestion_is_cut() -> None:
    vardiff = Vardiff(rules(), 0.0)
    vardiff.suggest(1e60, 0.0)
    assert vardiff.difficulty == HIGHEST


def test_fixed_difficulty_never_moves() -> None:
    vardiff = Vardiff(VardiffRules(1.0, 3.3333333, 1e-8, fixed=True), 0.0)
    moved = [vardiff.share(0.01 * number) for number in range(100)]
    moved += [vardiff.tick(100.0 * number) for number in range(1, 10)]
    moved += [vardiff.suggest(5.0, 0.0), vardiff.demand(9.0, 0.0)]
    assert not any(moved)
    assert (vardiff.difficulty, vardiff.generation) == (3.3333333, 0)


@pytest.mark.parametrize(
    ("difficulty", "short"), [(1234.56, 1235), (1.4, 1), (0.99999, 1), (0.00012345, 0.000123)]
)
def test_difficulties_are_short_to_write(difficulty: float, short: float) -> None:
    assert rounded(difficulty) == short
