import os
from collections.abc import Iterator

import pytest

from stampmill.core.backends.asic.guardian.channel import Descriptors
from stampmill.core.backends.asic.guardian.messages import (
    Beat,
    Lost,
    PowerUp,
    Reset,
    decode_report,
    encode,
)
from stampmill.core.backends.asic.guardian.pipe import MinerGoneError, OrderPipe


class Miner:
    def __init__(self) -> None:
        self.now = 0.0
        orders, self.write_end = os.pipe()
        self.read_end, reports = os.pipe()
        self._ours = (orders, reports)
        self.pipe = OrderPipe(Descriptors(orders, reports), lambda: self.now)

    def say(self, data: bytes) -> None:
        os.write(self.write_end, data)

    def end(self) -> None:
        os.close(self.write_end)
        self.write_end = -1

    def close(self) -> None:
        for fd in (*self._ours, self.read_end, self.write_end):
            if fd >= 0:
                os.close(fd)


@pytest.fixture
def miner() -> Iterator[Miner]:
    one = Miner()
    yield one
    one.close()


def test_orders_come_in_order_however_they_are_cut(miner: Miner) -> None:
    data = encode(PowerUp(1)) + encode(Beat()) + encode(Reset(2, True))
    heard = []
    for value in data:
        miner.say(bytes([value]))
        order = miner.pipe.wait(0)
        if order is not None:
            heard.append(order)
    assert heard == [PowerUp(1), Beat(), Reset(2, True)]


def test_what_is_ordered_during_a_pause_is_kept(miner: Miner) -> None:
    miner.say(encode(PowerUp(1)))
    miner.pipe.pause(0)
    assert miner.pipe.wait(0) == PowerUp(1)


def test_the_end_of_the_pipe_is_the_end_of_the_miner(miner: Miner) -> None:
    miner.end()
    with pytest.raises(MinerGoneError, match="has ended"):
        miner.pipe.wait(0)
    with pytest.raises(MinerGoneError, match="has ended"):
        miner.pipe.pause(0)


def test_five_seconds_of_silence_are_too_many(miner: Miner) -> None:
    miner.now = 4.99
    assert miner.pipe.wait(0) is None
    miner.now = 5.0
    with pytest.raises(MinerGoneError, match="silent for 5 s"):
        miner.pipe.pause(0)


def test_a_beat_is_enough_to_be_heard(miner: Miner) -> None:
    for second in range(1, 20, 2):
        miner.now = float(second)
        miner.say(encode(Beat()))
        assert miner.pipe.wait(0) == Beat()
    miner.now += 4.9
    assert miner.pipe.wait(0) is None


@pytest.mark.parametrize("line", [b"nonsense\n", b'{"type":"dance"}\n', b"x" * 5000, b"\n"])
def test_a_miner_that_talks_nonsense_is_gone(miner: Miner, line: bytes) -> None:
    miner.say(line)
    with pytest.raises(MinerGoneError, match="no order"):
        miner.pipe.wait(0)


def test_reports_reach_the_miner_and_a_dead_one_stops_nothing(miner: Miner) -> None:
    miner.pipe.tell(Lost("no port"))
    assert decode_report(os.read(miner.read_end, 4096).strip()) == Lost("no port")
    os.close(miner.read_end)
    miner.read_end = -1
    miner.pipe.tell(Lost("again"))


def test_a_miner_that_does_not_read_stops_nothing(miner: Miner) -> None:
    for _ in range(3000):
        miner.pipe.tell(Lost("x" * 100))
