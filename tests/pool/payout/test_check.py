"""Jobs whose coinbase pays the user, and all the others."""

from dataclasses import replace

import pytest

from stampmill.core.job import Job
from stampmill.pool.node.transaction import OutPoint, Transaction, TxInput, TxOutput
from stampmill.pool.payout.address import read_address
from stampmill.pool.payout.check import why_unpaid
from tests.pool.upstream.sessions import NOTIFY, only_job, opened

OURS = read_address("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4")
THEIRS = b"\x00\x14" + bytes(20)
PLACE = b"\xee" * 8
"""Where the extranonces stand: four bytes of each."""


def job(*outputs: tuple[int, bytes]) -> Job:
    coin = TxInput(OutPoint(bytes(32), 0xFFFFFFFF), b"\x03abc" + PLACE, 0xFFFFFFFF)
    paid = tuple(TxOutput(value, script) for value, script in outputs)
    front, _, end = Transaction(1, (coin,), paid, 0).to_bytes().partition(PLACE)
    return replace(only_job(opened().feed(NOTIFY, 1001.0)), coinbase1=front, coinbase2=end)


@pytest.mark.parametrize(
    "outputs",
    [
        [(5_000_000_000, OURS.script)],
        [(4_900, OURS.script), (100, THEIRS), (0, b"\x6a\x24\xaa\x21\xa9\xed" + bytes(32))],
        [(30, THEIRS), (30, OURS.script), (20, OURS.script), (20, THEIRS)],
    ],
)
def test_half_of_the_coinbase_or_more_is_enough(outputs: list[tuple[int, bytes]]) -> None:
    assert not why_unpaid(job(*outputs), OURS)


@pytest.mark.parametrize(
    ("outputs", "told"),
    [
        ([(5_000_000_000, THEIRS)], f"0 of 5000000000 satoshis to {OURS.address}"),
        ([(49, OURS.script), (51, THEIRS)], "49 of 100"),
        ([(0, OURS.script)], "0 of 0"),
        ([(100, OURS.script + b"\x00")], "0 of 100"),
        ([], "0 of 0"),
    ],
)
def test_less_is_told_by_the_figures(outputs: list[tuple[int, bytes]], told: str) -> None:
    assert told in why_unpaid(job(*outputs), OURS)


def test_a_coinbase_that_cannot_be_read_pays_nobody() -> None:
    good = job((100, OURS.script))
    for bad in (replace(good, coinbase2=good.coinbase2[:-1]), replace(good, coinbase1=b"")):
        assert "no transaction" in why_unpaid(bad, OURS)
