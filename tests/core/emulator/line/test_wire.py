from random import Random

import pytest

from stampmill.core.backends.asic.chip import registers as r
from stampmill.core.backends.asic.wire.commands import read
from stampmill.core.backends.asic.wire.jobs import FullJob
from stampmill.core.emulator.device import Sent
from stampmill.core.emulator.line.wire import Chunking, Inbound, Outbound

JOB = FullJob(1, bytes(76)).encode()
READ = read(r.CHIP_ID).encode()
REPLY = b"\xaa\x55" + bytes(9)


@pytest.mark.parametrize(
    ("size", "baud", "milliseconds"),
    [(88, 115_200, 7.64), (88, 25e6 / 24, 0.84), (64, 115_200, 5.56)],
)
def test_a_frame_arrives_when_its_last_byte_has(size, baud, milliseconds):
    line = Inbound()
    line.push(bytes(size), 10.0, baud)
    assert line.next_at == pytest.approx(10 + milliseconds / 1000, abs=1e-5)
    assert list(line.pop(10.0)) == []
    assert [data for _, data, _ in line.pop(10.1)] == [bytes(size)]


def test_frames_written_at_once_arrive_one_after_the_other():
    line = Inbound()
    line.push(READ + JOB, 0.0, 115_200)
    line.push(READ, 0.0, 115_200)
    arrived = list(line.pop(1.0))
    assert [data for _, data, _ in arrived] == [READ, JOB, READ]
    times = [at for at, _, _ in arrived]
    assert times == pytest.approx([n * 10 / 115_200 for n in (7, 95, 102)])


def test_replies_wait_for_each_other_and_take_their_time():
    line = Outbound(Chunking.FRAMES, Random(1))
    line.push(Sent(1.0, REPLY, 115_200))
    line.push(Sent(1.0, REPLY, 115_200))
    step = 110 / 115_200
    assert line.next_at == pytest.approx(1 + step)
    assert line.pop(1 + 1.5 * step) == [REPLY]
    assert line.pop(1 + 2.5 * step) == [REPLY]


@pytest.mark.parametrize("chunking", Chunking)
def test_however_it_is_cut_the_same_bytes_come_in_order(chunking):
    random = Random(7)
    line = Outbound(chunking, random)
    sent = b""
    for i in range(50):
        data = random.randbytes(11)
        sent += data
        line.push(Sent(i * 0.003, data, 115_200))
    pieces = [piece for tick in range(300) for piece in line.pop(tick * 0.001)]
    assert b"".join(pieces) == sent
    if chunking is Chunking.BYTES:
        assert {len(piece) for piece in pieces} == {1}
    if chunking is Chunking.USB:
        assert max(len(piece) for piece in pieces) <= 62
    if chunking is Chunking.RANDOM:
        assert {len(piece) for piece in pieces} == set(range(1, 11))


def test_a_usb_bridge_holds_back_what_is_short_for_16_ms():
    line = Outbound(Chunking.USB, Random(1))
    line.push(Sent(0.0, REPLY, 115_200))
    assert line.pop(0.01) == []
    assert line.pop(0.02) == [REPLY]
