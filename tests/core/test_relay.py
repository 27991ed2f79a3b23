"""Relays of one thread: C's, which goes over by itself, and the plain one."""

import threading
import time

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
        assert leg.result() == (ScanStatus.DONE, (), 107, 0)

    def test_every_hit_of_a_leg_is_in_its_result(self, relay: Relay) -> None:
        request = ScanRequest(PREFIX, (5, 6), 3, 4, EVERY_HASH)
        leg = relay.leg(request, CancelWord())
        leg.run()
        assert leg.start == (3, 0)
        assert leg.result().hits == ((3, 5), (3, 6))

    def test_the_rest_of_a_leg_goes_on_behind_its_hit(self, relay: Relay) -> None:
        request = ScanRequest(PREFIX, (5, 6), 3, 200, EVERY_HASH, max_hits=3)
        leg = relay.leg(request, CancelWord())
        found = []
        for _ in range(500):
            leg.run()
            result = leg.result()
            found += result.hits
            if result.status is ScanStatus.DONE:
                break
            rest = leg.rest()
            assert rest.start == (result.next_nonce, result.next_version)
            assert rest.begun_at is None
            leg = rest
        assert found == [(nonce, version) for nonce in range(3, 200) for version in (5, 6)]

    def test_an_offered_leg_can_be_run_itself(self, relay: Relay) -> None:
        leg = relay.leg(short(), CancelWord())
        leg.offer()
        leg.run()
        assert leg.result().status is ScanStatus.DONE
        begun_at = leg.begun_at
        relay.leg(endless(), cancelled()).run()
        assert leg.begun_at == begun_at

    def test_a_leg_that_comes_to_its_end_leaves_the_next_alone(self, relay: Relay) -> None:
        waiting = relay.leg(short(), CancelWord())
        waiting.offer()
        relay.leg(short(), CancelWord()).run()
        assert waiting.begun_at is None

    def test_a_leg_with_a_hit_leaves_the_next_alone(self, relay: Relay) -> None:
        waiting = relay.leg(short(), CancelWord())
        waiting.offer()
        leg = relay.leg(endless(EVERY_HASH), CancelWord())
        leg.run()
        assert leg.result().status is ScanStatus.HIT
        assert waiting.begun_at is None


@needs_extension
class TestNativeRelay:
    def test_goes_over_to_what_is_on_offer_when_cancelled(self) -> None:
        relay = native_relay()
        waiting = relay.leg(short(50), CancelWord())
        waiting.offer()
        leg = relay.leg(endless(first=9), cancelled())
        leg.run()
        assert leg.result() == (ScanStatus.CANCELLED, (), 9, 0)
        assert waiting.result() == (ScanStatus.DONE, (), 150, 0)
        assert waiting.begun_at is not None
        assert waiting.begun_at >= leg.ended_at

    def test_what_was_offered_before_gives_way(self) -> None:
        relay = native_relay()
        first, second = (relay.leg(short(), CancelWord()) for _ in range(2))
        first.offer()
        second.offer()
        relay.leg(endless(), cancelled()).run()
        assert first.begun_at is None
        assert second.result().status is ScanStatus.DONE

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
            leg.result()

    def test_one_call_follows_any_number_of_offers(self) -> None:
        relay = native_relay()
        words = [CancelWord() for _ in range(500)]
        legs = [relay.leg(endless(first=i), word) for i, word in enumerate(words)]
        last = relay.leg(short(), CancelWord())
        thread = threading.Thread(target=legs[0].run)
        thread.start()
        for word, leg in zip(words, [*legs[1:], last], strict=True):
            leg.offer()
            word.set()
        thread.join()
        assert last.result().status is ScanStatus.DONE
        begun = [leg for leg in legs if leg.begun_at is not None]
        assert begun[0] is legs[0]
        assert_runs_follow_each_other([*begun, last])


def assert_runs_follow_each_other(legs: list[Leg]) -> None:
    assert all(leg.result().status is ScanStatus.CANCELLED for leg in legs[:-1])
    times = [at for leg in legs for at in (leg.begun_at, leg.ended_at)]
    assert times == sorted(times, key=float)  # type: ignore[arg-type]
