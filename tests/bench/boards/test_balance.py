import pytest

from stampmill.bench.boards.balance import Balance, balance_of

EMULATED = {
    "hashes": 4096.0 * 1000,
    "nonces_withheld": 30,
    "nonces_damaged": 50,
    "nonces_unheard": 20,
    "nonces_of_something_else": 500,
}


def test_what_faults_took_is_not_expected():
    balance = balance_of(EMULATED, 890, 890 * 4096.0)
    assert (balance.lost, balance.expected) == (100, 900.0)
    assert balance.is_even
    assert balance.deviation == pytest.approx(-10 / 1000**0.5)


@pytest.mark.parametrize(
    ("nonces", "even"), [(795, False), (797, True), (1003, True), (1005, False)]
)
def test_the_interval_is_that_of_a_poisson_count(nonces, even):
    assert Balance(1000.0, 1.0, nonces, lost=100).is_even is even


def test_losses_that_nobody_counted_and_nonces_out_of_nowhere_show():
    assert not Balance(86_400 * 4096.0, 4096.0, 85_200).is_even
    assert not Balance(86_400 * 4096.0, 4096.0, 87_600).is_even


def test_a_board_without_nonces_is_never_even():
    assert not balance_of({"hashes": 0.0}, 0, 0.0).is_even
