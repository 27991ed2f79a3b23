import os
import pty
import threading
import tty
from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest

from stampmill.core.backends.asic.control.replies import (
    Code,
    Failure,
    Reply,
    Variant,
    encode_reply,
)
from stampmill.core.backends.asic.control.requests import (
    GpioGet,
    I2cRead,
    I2cWrite,
    I2cWriteRead,
    Packet,
    RequestReader,
)
from stampmill.core.backends.asic.guardian.channel import Descriptors
from stampmill.core.backends.asic.guardian.line import Line, LineError, NoAnswerError
from stampmill.core.backends.asic.guardian.open import open_port
from stampmill.core.backends.asic.link.errors import (
    NoPortError,
    PortBusyError,
    PortGoneError,
)
from tests.core.emulator.peripherals.served import served

SOON = 0.05
Answer = Callable[[Packet], bytes]


class Firmware:
    """Answers requests on a pseudo-terminal as a test says."""

    def __init__(self) -> None:
        self.master, self.slave = pty.openpty()
        tty.setraw(self.slave)
        self.path = os.ttyname(self.slave)
        self.seen: list[Packet] = []
        self.answer: Answer = lambda packet: b""
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def line(self, variant: Variant = Variant.V0) -> Line:
        self.answer = lambda packet: encode_reply(variant, Reply(packet.id, b"\0"))
        line = Line(Descriptors(os.dup(self.slave)), self.path)
        assert line.detect() is variant
        return line

    def close(self) -> None:
        os.write(self.slave, b"\xff\xff")
        self._thread.join()
        os.close(self.slave)
        os.close(self.master)

    def _serve(self) -> None:
        reader = RequestReader()
        while True:
            for packet in reader.feed(os.read(self.master, 4096)):
                if not isinstance(packet, Packet):
                    return
                self.seen.append(packet)
                os.write(self.master, self.answer(packet))


@pytest.fixture
def firmware() -> Iterator[Firmware]:
    one = Firmware()
    yield one
    one.close()


@pytest.mark.parametrize("variant", Variant)
def test_asks_and_is_answered(firmware: Firmware, variant: Variant) -> None:
    line = firmware.line(variant)
    firmware.answer = lambda packet: encode_reply(variant, Reply(packet.id, b"\x19"))
    assert line.ask(I2cRead(0x4C, 1)) == b"\x19"
    assert line.errors == 0


@pytest.mark.parametrize("variant", Variant)
def test_a_refusal_is_told_at_once_and_tried_again(firmware: Firmware, variant: Variant) -> None:
    line = firmware.line(variant)
    firmware.answer = lambda p: encode_reply(variant, Failure(p.id, Code.TIMEOUT))
    with pytest.raises(LineError, match="timeout"):
        line.ask(I2cWriteRead(0x24, b"\x79", 2), seconds=60, tries=3)
    assert line.errors == 3


def test_a_v0_refusal_of_four_bytes_does_not_hang(firmware: Firmware) -> None:
    line = firmware.line()
    firmware.answer = lambda p: encode_reply(Variant.V0, Failure(p.id, Code.INVALID_COMMAND))
    with pytest.raises(LineError, match="invalid command"):
        line.ask(I2cRead(0x24, 4), seconds=SOON)


def test_a_reply_that_never_comes_is_an_error_with_its_name(firmware: Firmware) -> None:
    line = firmware.line()
    firmware.answer = lambda packet: b""
    with pytest.raises(NoAnswerError, match="GpioGet"):
        line.ask(GpioGet(0), seconds=SOON)


def test_a_reply_that_is_too_long_is_an_error(firmware: Firmware) -> None:
    line = firmware.line()
    firmware.answer = lambda packet: b"\xff\xff" + bytes(400)
    with pytest.raises(LineError, match="cannot be read"):
        line.ask(GpioGet(0), seconds=60)


def test_a_late_reply_to_an_earlier_request_is_passed_over(firmware: Firmware) -> None:
    line = firmware.line()

    def late(packet: Packet) -> bytes:
        old = encode_reply(Variant.V0, Reply(packet.id - 1, b"\x01"))
        return old + encode_reply(Variant.V0, Reply(packet.id, b"\x02"))

    firmware.answer = late
    assert line.ask(I2cRead(0x4C, 1)) == b"\x02"


def test_one_byte_that_may_be_an_error_is_asked_again_as_two(firmware: Firmware) -> None:
    line = firmware.line(Variant.TOTAL)
    firmware.answer = lambda p: encode_reply(Variant.TOTAL, Reply(p.id, b"\x10" * _count(p)))
    assert line.ask(I2cWriteRead(0x4C, b"\x01", 1)) == b"\x10"
    assert line.ask(I2cRead(0x4C, 1)) == b"\x10"
    firmware.answer = lambda p: encode_reply(Variant.TOTAL, Failure(p.id, Code.TIMEOUT))
    with pytest.raises(LineError, match="timeout"):
        line.ask(I2cWriteRead(0x4C, b"\x01", 1))


def _count(packet: Packet) -> int:
    assert isinstance(packet.request, I2cWriteRead | I2cRead)
    return packet.request.count


def test_each_request_has_an_id_of_its_own_and_none_is_ff(firmware: Firmware) -> None:
    line = firmware.line()
    for _ in range(600):
        line.ask(GpioGet(0))
    ids = [packet.id for packet in firmware.seen]
    assert 0xFF not in ids
    assert all(one != other for one, other in pairwise(ids))


def test_garbage_before_the_reply_was_asked_for_is_dropped(firmware: Firmware) -> None:
    line = firmware.line()
    os.write(firmware.master, b"\x07\x00\x01garbage")
    assert line.ask(I2cWrite(0x4C, b"\x00")) == b"\0"


def test_what_is_no_bitaxe_is_told_with_what_it_said(firmware: Firmware) -> None:
    firmware.answer = lambda packet: b"AT?"
    with pytest.raises(NoAnswerError, match="answers 41543f"):
        Line(Descriptors(os.dup(firmware.slave)), firmware.path).detect(tries=1)
    firmware.answer = lambda packet: b""
    with pytest.raises(NoAnswerError, match="does not answer"):
        Line(Descriptors(os.dup(firmware.slave)), firmware.path).detect(tries=1)


def test_an_unplugged_port_is_gone() -> None:
    with served() as port:
        line = Line(Descriptors(open_port(port.path)), port.path)
        line.detect()
        port.unplug()
        with pytest.raises(PortGoneError, match="is gone"):
            line.ask(GpioGet(0))


def test_a_port_is_opened_once_and_the_holder_is_named() -> None:
    with served() as port:
        fd = open_port(port.path)
        with pytest.raises(PortBusyError, match=rf"in use by .*\(pid {os.getpid()}\)"):
            open_port(port.path)
        os.close(fd)
        os.close(open_port(port.path))


def test_what_is_no_port_is_refused() -> None:
    with pytest.raises(NoPortError, match="no port '/dev/stampmill-none'"):
        open_port("/dev/stampmill-none")
    with pytest.raises(NoPortError, match="is no serial port"):
        open_port("/dev/null")
    with pytest.raises(NoPortError, match="socket://127.0.0.1:1"):
        open_port("socket://127.0.0.1:1")
    with pytest.raises(NoPortError, match="socket://nowhere"):
        open_port("socket://nowhere")
