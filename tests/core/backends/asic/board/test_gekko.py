import asyncio

import pytest

from stampmill.core.backends.asic.board.gekko import GekkoBoard
from stampmill.core.backends.asic.board.settings import BoardSettings
from stampmill.core.backends.asic.link.errors import PortGoneError
from stampmill.core.backends.asic.link.port import Port
from stampmill.core.errors import MissingExtraError, UsageError

from .lines import ScriptedPort, at_once


class Stick:
    """Two ports and a reset line, which write down what is done to them."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.ports = {"data": ScriptedPort(), "second": ScriptedPort()}

    async def open(self, name: str) -> Port:
        self.done.append(f"open {name}")
        return await self.ports[name].opened(name)

    async def hold(self) -> None:
        self.done.append("hold")

    async def release(self) -> None:
        self.done.append("release")


def test_power_comes_before_the_reset_is_let_go_and_goes_behind_it() -> None:
    async def run() -> None:
        stick = Stick()
        board = GekkoBoard(
            "data", telemetry=lambda: "second", reset_line=stick, opener=stick.open, sleep=at_once
        )
        assert (await board.power_up()).name == "data"
        assert stick.done == ["open data", "open second", "hold", "release"]
        assert stick.ports["second"].written == [b"BO"]
        await board.stop()
        assert stick.done[-1] == "hold"
        assert stick.ports["second"].written == [b"BO", b"B-"]
        assert all(port.closed for port in stick.ports.values())
        await board.stop()

    asyncio.run(run())


def test_a_stick_without_reset_line_and_second_port_is_taken_as_it_is() -> None:
    async def run() -> None:
        stick = Stick()
        board = GekkoBoard("data", opener=stick.open, sleep=at_once)
        await board.power_up()
        await board.power_up()
        assert stick.done == ["open data"]
        await board.stop()

    asyncio.run(run())


class NoLine:
    """A reset line that is out of reach, or gone for the moment."""

    def __init__(self, error: Exception) -> None:
        self.error = error
        self.asked = 0

    async def hold(self) -> None:
        self.asked += 1
        raise self.error

    async def release(self) -> None:
        raise self.error


def test_a_reset_line_out_of_reach_is_said_once_and_done_without() -> None:
    async def run() -> None:
        stick, line = Stick(), NoLine(MissingExtraError("a reset line", "usb"))
        board = GekkoBoard("data", reset_line=line, opener=stick.open, sleep=at_once)
        await board.power_up()
        await board.stop()
        await board.power_up()
        assert line.asked == 1
        (notice,) = board.notices()
        assert notice.startswith("data: a reset line needs the extra 'usb'")
        assert notice.endswith("the chips are taken without a reset")

    asyncio.run(run())


def test_a_stick_that_is_gone_keeps_its_reset_line_for_when_it_is_back() -> None:
    async def run() -> None:
        stick, line = Stick(), NoLine(PortGoneError("USB device 1-2"))
        board = GekkoBoard("data", reset_line=line, opener=stick.open, sleep=at_once)
        with pytest.raises(PortGoneError):
            await board.power_up()
        await board.stop()
        with pytest.raises(PortGoneError):
            await board.power_up()
        assert line.asked == 3

    asyncio.run(run())


def test_its_voltage_is_its_own() -> None:
    with pytest.raises(UsageError, match="asic-voltage: /dev/ttyUSB0 keeps its own"):
        GekkoBoard("/dev/ttyUSB0", BoardSettings(volts=0.3))
