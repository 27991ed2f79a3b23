"""Relays of one thread: C's, which goes over by itself, and the plain one."""

import os
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from stampmill.core import native
from stampmill.core.backends.reference import ReferenceKernel
from stampmill.core.errors import ScanRequestError
from stampmill.core.relay import Leg, PlainRelay, Relay, relay_of
from stampmill.core.scan import CancelWord, ScanRequest, ScanStatus

PREFIX = bytes(range(76))
NO_HASH, EVERY_HASH = 0, (1 << 256) - 1

needs_extension = pytest.mark.skipif(
    not native.available(), reason=native.why_unavailable() or "built"
)


def endless(target: int = NO_HASH, first: int = 0) -> ScanRequest:
    return ScanRequest(PREFIX, (1,), first, 1 << 32, target)


def short(first: int = 0) -> ScanRequest:
    return ScanRequest(PREFIX, (1,), first, first + 100, NO_HASH)


def cancelled() -> CancelWord:
    word = CancelWord()
    word.set()
    return word


def native_relay() -> Relay:
    return relay_of(native.select("generic"))


def test_only_kernels_in_c_bring_their_own() -> None:
    assert isinstance(relay_of(ReferenceKernel()), PlainRelay)


@pytest.fixture(params=["native", "plain"])
def relay(request: pytest.FixtureRequest) -> Relay:
    if request.param == "plain":
        return relay_of(ReferenceKernel())
    if not native.available():
        pytest.skip(native.why_unavailable())
    return native_relay()


class TestEveryRelay:
    def test_a_leg_has_its_times_and_its_result(self, relay: Relay) -> None:
        leg = relay.leg(short(7), CancelWord())
        assert leg.begun_at is None
        before = time.monotonic()
        leg.run()
        after = time.monotonic()
        assert leg.begun_at is not None
        assert before <= leg.begun_at <= leg.ended_at <= after
        assert leg.end() == (ScanStatus.DONE, 107, 0)

    def test_every_hit_of_a_leg_is_taken_once_with_its_time(self, relay: Relay) -> None:
        request = ScanRequest(PREFIX, (5, 6), 3, 4, EVERY_HASH)
        leg = relay.leg(request, CancelWord())
        assert leg.take() == []
        leg.run()
        assert leg.start == (3, 0)
        assert leg.waiting() == 2
        assert leg.take() == [(3, 5, leg.ended_at), (3, 6, leg.ended_at)]
        assert leg.waiting() == 0
        assert leg.take() == []

    def test_the_rest_of_a_leg_goes_on_behind_its_hit(self, relay: Relay) -> None:
        request = ScanRequest(PREFIX, (5, 6), 3, 200, EVERY_HASH, max_hits=3)
        leg = relay.leg(request, CancelWord())
        found = []
        for _ in range(500):
            leg.run()
            end = leg.end()
            found += [find[:2] for find in leg.take()]
            if end.status is ScanStatus.DONE:
                break
            rest = leg.rest()
            assert rest.start == (end.nonce, end.version)
            assert rest.begun_at is None
            leg = rest
        assert found == [(nonce, version) for nonce in range(3, 200) for version in (5, 6)]

    def test_an_offered_leg_can_be_run_itself(self, relay: Relay) -> None:
        leg = relay.leg(short(), CancelWord())
        leg.offer()
        leg.run()
        assert leg.end().status is ScanStatus.DONE
        begun_at = leg.begun_at
        relay.leg(endless(), cancelled()).run()
        assert leg.begun_at == begun_at

    def test_a_leg_that_comes_to_its_end_leaves_the_next_alone(self, relay: Relay) -> None:
        waiting = relay.leg(short(), CancelWord())
        waiting.offer()
        relay.leg(short(), CancelWord()).run()
        assert waiting.begun_at is None

    def test_the_rest_of_a_leg_leaves_what_was_found_before(self, relay: Relay) -> None:
        request = ScanRequest(PREFIX, (5,), 0, 1 << 32, EVERY_HASH, max_hits=3)
        leg = relay.leg(request, CancelWord())
        leg.run()
        rest = leg.rest()
        rest.run()
        later = [find.nonce for find in rest.take()]
        found = [find.nonce for find in leg.take()] + later
        assert later
        assert found == list(range(len(found)))

    def test_a_leg_with_a_hit_leaves_the_next_alone(self, relay: Relay) -> None:
        waiting = relay.leg(short(), CancelWord())
        waiting.offer()
        leg = relay.leg(endless(EVERY_HASH), CancelWord())
        leg.run()
        assert leg.end().status is ScanStatus.HIT
        assert waiting.begun_at is None


@needs_extension
class TestNativeRelay:
    def test_goes_over_to_what_is_on_offer_when_cancelled(self) -> None:
        relay = native_relay()
        waiting = relay.leg(short(50), CancelWord())
        waiting.offer()
        leg = relay.leg(endless(first=9), cancelled())
        leg.run()
        assert leg.end() == (ScanStatus.CANCELLED, 9, 0)
        assert waiting.end() == (ScanStatus.DONE, 150, 0)
        assert waiting.begun_at is not None
        assert waiting.begun_at >= leg.ended_at

    def test_what_was_offered_before_gives_way(self) -> None:
        relay = native_relay()
        first, second = (relay.leg(short(), CancelWord()) for _ in range(2))
        first.offer()
        second.offer()
        relay.leg(endless(), cancelled()).run()
        assert first.begun_at is None
        assert second.end().status is ScanStatus.DONE

    def test_is_taken_once(self) -> None:
        relay = native_relay()
        waiting = relay.leg(short(), CancelWord())
        waiting.offer()
        relay.leg(endless(), cancelled()).run()
        begun_at = waiting.begun_at
        relay.leg(endless(), cancelled()).run()
        assert waiting.begun_at == begun_at

    def test_relays_do_not_share_offers(self) -> None:
        mine, other = native_relay(), native_relay()
        waiting = mine.leg(short(), CancelWord())
        waiting.offer()
        other.leg(endless(), cancelled()).run()
        assert waiting.begun_at is None

    def test_a_leg_that_the_kernel_refuses_says_why(self) -> None:
        request = short()
        object.__setattr__(request, "first", 200)
        leg = native_relay().leg(request, CancelWord())
        leg.run()
        with pytest.raises(ScanRequestError, match=r"kernel generic: .*no range"):
            leg.end()

    def test_one_call_follows_one_offer_after_the_other(self) -> None:
        relay = native_relay()
        words = [CancelWord() for _ in range(31)]
        legs = [relay.leg(endless(first=i), word) for i, word in enumerate(words)]
        last = relay.leg(short(), CancelWord())
        thread = threading.Thread(target=legs[0].run)
        thread.start()
        for word, leg in zip(words, [*legs[1:], last], strict=True):
            leg.offer()
            word.set()
        thread.join()
        assert last.end().status is ScanStatus.DONE
        begun = [leg for leg in legs if leg.begun_at is not None]
        assert begun[0] is legs[0]
        assert_runs_follow_each_other([*begun, last])


@pytest.fixture
def bell() -> Iterator[int]:
    if not hasattr(os, "eventfd"):
        pytest.skip("no eventfd here")
    file = os.eventfd(0, os.EFD_NONBLOCK)
    yield file
    os.close(file)


@needs_extension
class TestBell:
    def test_scans_on_behind_a_hit_and_rings_for_each_batch(self, bell: int) -> None:
        request = ScanRequest(PREFIX, (5, 6), 3, 13, EVERY_HASH)
        leg = relay_of(native.select("generic"), bell=bell).leg(request, CancelWord())
        leg.run()
        assert leg.end() == (ScanStatus.DONE, 13, 0)
        assert leg.start == (3, 0)
        finds = leg.take()
        assert [find[:2] for find in finds] == [(n, v) for n in range(3, 13) for v in (5, 6)]
        times = [find.found_at for find in finds]
        assert times == sorted(times)
        assert times[-1] == leg.ended_at
        # One nonce is a batch of the portable kernel.
        assert os.eventfd_read(bell) == 10

    @pytest.mark.parametrize("room", [1, 2, 3, 4, 5])
    def test_comes_back_when_the_buffer_is_full(self, bell: int, room: int) -> None:
        request = ScanRequest(PREFIX, (5, 6), 0, 9, EVERY_HASH, max_hits=room)
        leg = relay_of(native.select("generic"), bell=bell).leg(request, CancelWord())
        found = []
        leg.run()
        while leg.end().status is not ScanStatus.DONE:
            assert leg.end().status is ScanStatus.FULL
            assert leg.waiting() == room
            found += [find[:2] for find in leg.take()]
            leg = leg.rest()
            leg.run()
        found += [find[:2] for find in leg.take()]
        assert found == [(nonce, version) for nonce in range(9) for version in (5, 6)]

    def test_finds_can_be_taken_while_the_scan_goes_on(self, bell: int) -> None:
        # About 1 nonce in 256.
        request = ScanRequest(PREFIX, (1,), 0, 1 << 32, 1 << 248, max_hits=1024)
        word = CancelWord()
        leg = relay_of(native.select("generic"), bell=bell).leg(request, word)
        thread = threading.Thread(target=leg.run)
        thread.start()
        found = []
        while len(found) < 50:
            found += leg.take()
        assert thread.is_alive() or leg.end().status is ScanStatus.FULL
        word.set()
        thread.join()
        found += leg.take()
        end = leg.end()
        plain = native.select("generic").scan(
            replace(request, end=end.nonce, max_hits=1024), CancelWord()
        )
        assert [find[:2] for find in found[: len(plain.hits)]] == list(plain.hits)

    def test_a_cancelled_leg_with_finds_gives_way_too(self, bell: int) -> None:
        relay = relay_of(native.select("generic"), bell=bell)
        waiting = relay.leg(short(50), CancelWord())
        waiting.offer()
        word = CancelWord()
        leg = relay.leg(ScanRequest(PREFIX, (1,), 0, 1 << 32, 1 << 248, max_hits=1024), word)
        thread = threading.Thread(target=leg.run)
        thread.start()
        while not leg.waiting():
            time.sleep(0)
        word.set()
        thread.join()
        assert leg.take()
        assert leg.end().status is ScanStatus.CANCELLED
        assert waiting.end() == (ScanStatus.DONE, 150, 0)


def assert_runs_follow_each_other(legs: list[Leg]) -> None:
    assert all(leg.end().status is ScanStatus.CANCELLED for leg in legs[:-1])
    times = [at for leg in legs for at in (leg.begun_at, leg.ended_at)]
    assert times == sorted(times, key=float)  # type: ignore[arg-type]
