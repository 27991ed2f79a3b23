import asyncio

import pytest

from stampmill.core.backends.asic.board.gekko import GekkoBoard
from stampmill.core.backends.asic.board.settings import BoardSettings
from stampmill.core.backends.asic.link.port import Port
from stampmill.core.errors import UsageError

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


def test_its_voltage_is_its_own() -> None:
    with pytest.raises(UsageError, match="asic-voltage: /dev/ttyUSB0 keeps its own"):
        GekkoBoard("/dev/ttyUSB0", BoardSettings(volts=0.3))
