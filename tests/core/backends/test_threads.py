import pytest

from stampmill.core.backends.threads import FIRST_STEP, MAX_GROWTH, STEP_SECONDS, Pace
from stampmill.core.scan import NONCE_SPACE


def paced(rate: float, *, lanes: int = 16, versions: int = 1, steps: int = 20) -> Pace:
    """Return a pace after steps at so many hashes a second."""
    pace = Pace(lanes)
    for _ in range(steps):
        hashes = pace.nonces() * versions
        pace.note(hashes, hashes / rate, versions)
    return pace


@pytest.mark.parametrize("rate", [3e5, 3e6, 9e7])
@pytest.mark.parametrize("versions", [1, 4, 16])
def test_a_step_takes_its_time_at_any_rate(rate: float, versions: int) -> None:
    seconds = paced(rate, versions=versions).nonces() * versions / rate
    assert seconds == pytest.approx(STEP_SECONDS, rel=0.1)


def test_a_step_is_whole_batches() -> None:
    assert paced(1234567.0, lanes=48).nonces() % 48 == 0


def test_a_slow_kernel_still_gets_a_batch() -> None:
    assert paced(1.0, lanes=64).nonces() == 64


def test_begins_small_and_grows_by_steps() -> None:
    pace = Pace(16)
    assert pace.nonces() == FIRST_STEP
    pace.note(FIRST_STEP, 1e-6, 1)
    assert pace.nonces() == FIRST_STEP * MAX_GROWTH


def test_never_asks_for_more_than_there_is() -> None:
    assert paced(1e15).nonces() == NONCE_SPACE


def test_a_step_cut_short_teaches_nothing() -> None:
    pace = paced(1e7)
    before = pace.nonces()
    pace.note(16, 0.0005, 1)
    assert pace.nonces() == before


def test_a_clock_that_stands_still_is_no_error() -> None:
    pace = Pace(16)
    pace.note(FIRST_STEP, 0.0, 1)
    assert pace.nonces() == FIRST_STEP * MAX_GROWTH
