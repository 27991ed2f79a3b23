"""The parts of the backend that need no board."""

import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stampmill.core.backends.asic.backend import ticket
from stampmill.core.backends.asic.backend.job_table import JobTable
from stampmill.core.backends.asic.backend.judge import Worth, judge
from stampmill.core.backends.asic.backend.rates import Weights, measured_rate
from stampmill.core.backends.asic.backend.tally import Tally
from stampmill.core.backends.asic.backend.watchdog import ChipWatch, Remedy, Watchdog
from stampmill.core.backends.asic.board.base import Facts, Found
from stampmill.core.chain import target
from stampmill.core.chain.sha256d import sha256d
from stampmill.core.job import Work
from tests.core.fakes import make_job, make_work

EVERY_HASH = target.MAX_TARGET


def make_facts(hashrate: float = 1e12, chips: int = 1, zero_bits: int = 32) -> Facts:
    return Facts("test", chips, hashrate, zero_bits, 32, tuple(range(16)), 65_536, 525.0)


def work_with(**changes: object) -> Work:
    fields = {"first_nonce": 0, "end_nonce": 1 << 32, "ticket_target": EVERY_HASH} | changes
    return make_work(make_job(), **fields)


def zeros(work: Work, nonce: int) -> int:
    digest = sha256d(work.header(nonce).to_bytes())
    return 256 - int.from_bytes(digest, "little").bit_length()


def version_of(work: Work, found: Found) -> int | None:
    return None if found.roll else work.versions[0]


class TestJobTable:
    def test_a_job_is_known_by_its_id_until_the_id_comes_around(self) -> None:
        table = JobTable((3, 6, 9))
        works = [work_with(ntime=1_700_000_000 + number) for number in range(4)]
        ids = [table.add(work, 0) for work in works]
        assert ids == [3, 6, 9, 3]
        assert [table.candidates(job_id)[0].work for job_id in (6, 9, 3)] == works[1:]
        assert table.candidates(5) == ()

    def test_a_reply_without_an_id_is_for_the_last_two(self) -> None:
        table = JobTable((0,))
        works = [work_with(ntime=1_700_000_000 + number) for number in range(3)]
        for work in works:
            table.add(work, 0)
        assert [entry.work for entry in table.candidates(None)] == [works[2], works[1]]

    def test_a_clean_job_makes_all_before_it_stale(self) -> None:
        table = JobTable((0, 1))
        old = table.add(work_with(), 0)
        table.bury()
        new = table.add(work_with(), 0)
        assert table.candidates(old)[0].stale
        assert not table.candidates(new)[0].stale


class TestJudge:
    def setup_method(self) -> None:
        self.table = JobTable(range(4))
        self.work = work_with()
        self.nonce = next(n for n in range(1 << 20) if zeros(self.work, n) == 8)

    def judged(self, nonce: int, *, zero_bits: int, bits: int = 0, roll: int = 0) -> Worth:
        job_id = self.table.add(self.work, bits)
        found = Found(job_id, nonce, roll, 0)
        return judge(found, self.table.candidates(job_id), version_of, zero_bits).worth

    def test_a_nonce_is_good_if_its_hash_has_the_zeros_asked_for(self) -> None:
        assert self.judged(self.nonce, zero_bits=6, bits=2) is Worth.GOOD
        assert self.judged(self.nonce, zero_bits=6, bits=3) is Worth.LOW_DIFFICULTY
        assert self.judged(self.nonce, zero_bits=9) is Worth.HARDWARE_ERROR
        assert self.judged(self.nonce, zero_bits=8, roll=1) is Worth.FOREIGN_VERSION

    def test_the_second_time_it_is_a_duplicate(self) -> None:
        entries = (self.table.add(self.work, 0), 0)
        candidates = self.table.candidates(entries[0])
        found = Found(entries[0], self.nonce, 0, 0)
        worths = [judge(found, candidates, version_of, 8).worth for _ in range(3)]
        assert worths == [Worth.GOOD, Worth.DUPLICATE, Worth.DUPLICATE]

    def test_of_no_known_job_it_is_nobodys(self) -> None:
        found = Found(3, self.nonce, 0, 0)
        assert judge(found, (), version_of, 8) == (Worth.UNKNOWN_JOB, None, 0, False, 0)

    def test_it_belongs_to_the_work_that_it_solves(self) -> None:
        other = work_with(ntime=self.work.ntime + 1)
        assert zeros(other, self.nonce) < 8
        self.table.add(self.work, 0)
        self.table.add(other, 0)
        found = Found(None, self.nonce, 0, 0)
        judgement = judge(found, self.table.candidates(None), version_of, 8)
        assert (judgement.worth, judgement.work) == (Worth.GOOD, self.work)

    def test_a_stale_one_is_said_to_be(self) -> None:
        job_id = self.table.add(self.work, 0)
        self.table.bury()
        found = Found(job_id, self.nonce, 0, 0)
        judgement = judge(found, self.table.candidates(job_id), version_of, 8)
        assert judgement.worth is Worth.STALE
        assert judgement.reportable


class TestTicket:
    @pytest.mark.parametrize(
        ("hashrate", "chips", "zero_bits", "bits"),
        [
            (1.07e12, 1, 32, 8),  # a Bitaxe: 256, about one a second, as firmware has it
            (200e12, 108, 32, 10),  # an S21: 50 a second
            (1e6, 1, 12, 8),  # emulated
            (1e6, 1, 32, 0),
        ],
    )
    def test_replies_come_about_once_a_second_for_each_chip(
        self, hashrate: float, chips: int, zero_bits: int, bits: int
    ) -> None:
        facts = make_facts(hashrate, chips, zero_bits)
        assert ticket.usual_bits(facts) == bits

    def test_an_easy_share_target_makes_it_easier_as_far_as_the_line_takes_it(self) -> None:
        facts = make_facts(1.07e12)
        hard, easy = (target.target_from_difficulty(value) for value in (8192, 16))
        assert ticket.bits_for(facts, hard) == 8
        assert ticket.bits_for(facts, easy) == 4
        assert ticket.bits_for(facts, EVERY_HASH) == 0
        s21 = make_facts(200e12, 108)
        assert 1 / ticket.interval(s21, ticket.bits_for(s21, EVERY_HASH)) < 400

    @given(st.integers(0, 32), st.integers(0, 32))
    def test_its_difficulty_takes_every_hash_that_chips_report(self, zero: int, bits: int) -> None:
        facts = make_facts(zero_bits=zero)
        easiest = (1 << (256 - zero - bits)) - 1
        bar = target.target_from_difficulty(ticket.difficulty(facts, bits))
        assert easiest <= bar <= easiest * (1 + 1e-14) + 1


def equal(events: int, each: float = 1.0) -> Weights:
    return Weights(events * each, events * each * each, each)


class TestRates:
    @pytest.mark.parametrize(
        # Garwood's exact limits: chi-square quantiles of 2.5 % and 97.5 %, halved.
        ("events", "low", "high"),
        [
            (0, 0.0, 3.6889), (1, 0.02532, 5.5716), (2, 0.24221, 7.2247), (5, 1.6235, 11.6683),
            (29, 19.422, 41.649), (30, 20.241, 42.827), (100, 81.364, 121.627),
        ],
    )  # fmt: skip
    def test_limits_are_those_of_poisson(self, events: int, low: float, high: float) -> None:
        rate = measured_rate(equal(events, 8.0), 2.0, 8.0)
        assert rate.rate == events * 4
        assert rate.low == pytest.approx(low * 4, rel=1e-3)
        assert rate.high == pytest.approx(high * 4, rel=1e-3)

    def test_they_close_in_with_time(self) -> None:
        widths = [
            (rate.high - rate.low) / rate.rate
            for rate in (measured_rate(equal(n, 2.0**40), n / 2) for n in (10, 100, 1000))
        ]
        assert widths == sorted(widths, reverse=True)

    def test_no_time_is_no_rate(self) -> None:
        assert measured_rate(equal(3), 0.0).rate == 0.0

    @pytest.mark.parametrize("expected", [0.2, 1.0, 3.0, 10.0, 60.0])
    def test_the_true_rate_is_within_as_often_as_is_said(self, expected: float) -> None:
        random = Random(1)
        assert misses(random, [(expected, 1.0)]) < 0.06

    @pytest.mark.parametrize("light", [1.0, 20.0, 200.0])
    def test_that_holds_when_the_first_nonces_had_a_harder_ticket(self, light: float) -> None:
        # As a board begins at a pool whose first difficulty is too high for it.
        random = Random(2)
        assert misses(random, [(0.5, 64.0), (light, 1.0)]) < 0.06

    @pytest.mark.parametrize("events", [1, 2, 5, 20])
    def test_that_holds_for_who_looks_right_behind_a_nonce(self, events: int) -> None:
        random, wrong = Random(3), 0
        for _ in range(1000):
            seconds = sum(random.expovariate(1.0) for _ in range(events))
            rate = measured_rate(equal(events), seconds, 1.0)
            wrong += not rate.low <= 1.0 <= rate.high
        assert wrong / 1000 < 0.06


def misses(random: Random, phases: list[tuple[float, float]]) -> float:
    """Return how often limits miss: of phases with so many events expected, each of a weight."""
    expected = sum(count * weight for count, weight in phases)
    wrong = 0
    for _ in range(1000):
        weights = Weights()
        for count, weight in phases:
            at = random.expovariate(1.0)
            while at < count:
                weights.add(weight)
                at += random.expovariate(1.0)
        rate = measured_rate(weights, 1.0, max(weight for _, weight in phases))
        wrong += not rate.low <= expected <= rate.high
    return wrong / 1000


class TestTally:
    def test_each_chip_has_its_own_counters(self) -> None:
        tally = Tally()
        for chip, worth in (
            (0, Worth.GOOD),
            (1, Worth.STALE),
            (1, Worth.DUPLICATE),
            (None, Worth.UNKNOWN_JOB),
        ):
            tally.count(chip, worth, 1 << 40)
        first, second, nobody = tally.reports(2, 2e12, 10.0)
        assert (first.index, second.index, nobody.index) == (0, 1, None)
        assert (first.nonces, second.nonces, nobody.nonces) == (1, 1, 0)
        assert dict(second.counts) == dict(first.counts) | {"stale": 1, "duplicate": 1}
        assert dict(nobody.counts)["unknown job"] == 1
        assert first.expected == second.expected == 1e12
        assert tally.hashes == 2 << 40
        assert tally.measured(10.0).rate == (2 << 40) / 10


class TestWatchdog:
    def test_a_silent_board_gets_one_remedy_after_the_other(self) -> None:
        watchdog, now, remedies = Watchdog(), 0.0, []
        watchdog.watch(now, 1.0)
        for _ in range(100):
            now += 1.0
            if (remedy := watchdog.remedy(now)) is not None:
                remedies.append((now, remedy))
        assert remedies == [
            (20.0, Remedy.RESEND), (40.0, Remedy.REINIT), (60.0, Remedy.RESET),
            (80.0, Remedy.GIVE_UP), (100.0, Remedy.GIVE_UP),
        ]  # fmt: skip

    def test_a_nonce_sets_it_back(self) -> None:
        watchdog = Watchdog()
        watchdog.watch(0.0, 1.0)
        assert watchdog.remedy(20.0) is Remedy.RESEND
        watchdog.alive(30.0)
        assert watchdog.remedy(49.0) is None
        assert watchdog.remedy(50.0) is Remedy.RESEND

    def test_it_sleeps_while_there_is_no_work(self) -> None:
        watchdog = Watchdog()
        assert watchdog.remedy(1e6) is None
        watchdog.watch(0.0, 1.0)
        watchdog.rest()
        assert watchdog.remedy(1e6) is None
        watchdog.watch(1e6, 1.0)
        assert watchdog.remedy(1e6 + 19) is None

    def test_a_fast_board_gets_time_too(self) -> None:
        watchdog = Watchdog()
        watchdog.watch(0.0, 0.001)
        assert watchdog.remedy(2.9) is None
        assert watchdog.remedy(3.0) is Remedy.RESEND

    def test_a_silent_chip_is_helped_once_then_given_up_until_it_is_heard(self) -> None:
        watch = ChipWatch()
        watch.begin(3, 0.0)
        watch.alive(0, 15.0)
        watch.alive(2, 15.0)
        assert watch.silent(21.0, 1.0) == ([1], [])
        watch.begin(3, 25.0)
        for chip in (0, 2):
            watch.alive(chip, 40.0)
        assert watch.silent(50.0, 1.0) == ([], [1])
        assert watch.silent(51.0, 1.0) == ([], [])
        assert watch.given_up == {1}
        watch.alive(1, 52.0)
        assert watch.given_up == set()
        watch.alive(None, 52.0)
        assert watch.silent(73.0, 1.0) == ([0, 1, 2], [])


def test_math_of_the_ticket_agrees_with_bitaxes() -> None:
    facts = make_facts(2040 * 525e6)
    assert ticket.difficulty(facts, 8) == pytest.approx(256, rel=1e-4)
    assert math.isclose(1 / ticket.interval(facts, 8), 0.974, rel_tol=0.01)
