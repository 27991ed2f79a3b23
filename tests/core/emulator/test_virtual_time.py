import asyncio
import time

import pytest

from stampmill.core import native
from stampmill.core.backends.asic.chip import registers as r
from stampmill.core.backends.asic.link.errors import NoPortError, PortGoneError
from stampmill.core.backends.asic.wire.commands import read, write
from stampmill.core.emulator.boards.kinds import BoardOptions, build
from stampmill.core.emulator.null_modem import NullModem
from stampmill.core.emulator.virtual_time import run

pytestmark = pytest.mark.skipif(not native.available(), reason=native.why_unavailable() or "built")


def modem() -> NullModem:
    return NullModem("board", build(BoardOptions("bm1370")).ports[0].emulation)


def test_an_hour_of_waiting_takes_no_time():
    async def wait() -> float:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        await asyncio.gather(*(asyncio.sleep(s) for s in (3600.0, 0.5, 7.0)))
        return loop.time() - begun

    begun = time.monotonic()
    assert run(wait()) == pytest.approx(3600.0)
    assert time.monotonic() - begun < 1.0


def test_work_in_a_thread_is_waited_for():
    async def wait() -> str:
        return await asyncio.to_thread(lambda: "done")

    assert run(wait()) == "done"


def test_a_question_is_answered_when_its_bytes_have_gone_both_ways():
    async def ask() -> tuple[bytes, float]:
        cable = modem()
        port = await cable.open("board")
        loop = asyncio.get_running_loop()
        begun = loop.time()
        port.write(read(r.CHIP_ID).encode())
        answer = await port.read()
        passed = loop.time() - begun
        cable.close()
        return answer, passed

    answer, passed = run(ask())
    assert answer == bytes.fromhex("aa5513700000000006")
    assert passed == pytest.approx((7 + 9) * 10 / 115_200, rel=0.02)


def test_drain_takes_as_long_as_the_bytes():
    async def drain() -> float:
        port = await (cable := modem()).open("board")
        loop = asyncio.get_running_loop()
        begun = loop.time()
        port.write(bytes(1152))
        await port.drain()
        cable.close()
        return loop.time() - begun

    assert run(drain()) == pytest.approx(0.1)


def test_host_and_chips_have_to_agree_on_the_rate():
    async def ask() -> bytes:
        port = await (cable := modem()).open("board")
        port.write(write(r.UART_BAUD, 0x11300200).encode() + read(r.CHIP_ID).encode())
        await asyncio.sleep(0.1)
        await port.set_baud(1_000_000)
        port.write(read(r.CHIP_ID).encode())
        answer = await port.read()
        await port.set_baud(57_600)
        port.write(read(r.CHIP_ID).encode())
        await asyncio.sleep(0.1)
        cable.close()
        return answer

    assert run(ask()) == bytes.fromhex("aa5513700000000006")


def test_unplugged_reads_end_writes_fail_and_it_cannot_be_opened():
    async def unplug() -> None:
        cable = modem()
        port = await cable.open("board")
        cable.unplug()
        assert await port.read() == b""
        with pytest.raises(PortGoneError):
            port.write(b"x")
        with pytest.raises(NoPortError):
            await cable.open("board")
        cable.plug_in()
        assert (await cable.open("board")).baud == 115_200
        cable.close()

    run(unplug())
