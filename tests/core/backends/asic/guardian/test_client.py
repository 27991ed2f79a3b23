import asyncio
import os
import signal
from collections.abc import Awaitable, Callable

import pytest

from stampmill.core.backends.asic.guardian.client import GuardianClient, GuardianError
from stampmill.core.backends.asic.guardian.messages import Report, Sensors, Stage, Stopped
from stampmill.core.emulator.peripherals.faults import PowerFault
from stampmill.core.errors import NoDeviceError
from tests.core.emulator.peripherals.served import Served, served


class Heard(list[Report]):
    """What a guardian reported, and a way to wait for the kind that matters."""

    def __init__(self) -> None:
        super().__init__()
        self.stopped = asyncio.Event()

    def take(self, report: Report) -> None:
        self.append(report)
        if isinstance(report, Stopped):
            self.stopped.set()


def run(
    use: Callable[[GuardianClient, Served, Heard], Awaitable[None]], kind: str = "bitaxe"
) -> Served:
    reports = Heard()

    async def session(port: Served) -> None:
        client = await GuardianClient.start(port.path, kind, reports.take)
        try:
            await use(client, port, reports)
        finally:
            await client.close()

    with served(kind=kind) as port:
        asyncio.run(session(port))
    return port


def test_up_mining_and_down_in_order() -> None:
    async def use(client: GuardianClient, port: Served, reports: Heard) -> None:
        assert client.variant == "v0"
        await client.power_up()
        assert await client.choose(0x1370) == "bitaxe-gamma"
        await client.set_volts(1.1)
        await client.reset(high=True)
        with port.lock:
            assert port.board.chips_awake
        await client.stop()
        assert [r.name for r in reports if isinstance(r, Stage)][-1] == "settle"

    board = run(use).board
    assert board.is_cold
    assert board.fan_percent == pytest.approx(25, abs=2)
    assert board.violations == []


def test_a_refused_order_says_why() -> None:
    async def use(client: GuardianClient, port: Served, reports: Heard) -> None:
        await client.power_up()
        await client.choose(0x1368)
        with pytest.raises(GuardianError, match=r"bitaxe-supra takes 1.1 to 1.3 V"):
            await client.set_volts(1.5)
        with pytest.raises(GuardianError, match="no bitaxe has chip 1397"):
            await client.choose(0x1397)

    run(use)


def test_closing_without_a_stop_leaves_the_board_cold_with_its_fan_on() -> None:
    async def use(client: GuardianClient, port: Served, reports: Heard) -> None:
        await client.power_up()
        await client.reset(high=True)

    board = run(use).board
    assert board.is_cold
    assert board.fan_percent == 100


def test_a_hot_chip_is_reported_with_the_board_already_cold() -> None:
    async def use(client: GuardianClient, port: Served, reports: Heard) -> None:
        await client.power_up()
        await client.reset(high=True)
        with port.lock:
            port.board.faults.add(PowerFault.OVER_CURRENT)
        async with asyncio.timeout(10):
            await reports.stopped.wait()
        [stopped] = [r for r in reports if isinstance(r, Stopped)]
        assert (stopped.kind, stopped.cold) == ("regulator", True)
        with port.lock:
            assert port.board.is_cold
        assert client.sensors is None or isinstance(client.sensors, Sensors)

    run(use)


def test_a_killed_guardian_is_noticed_and_the_next_one_makes_the_board_cold() -> None:
    async def use(client: GuardianClient, port: Served, reports: Heard) -> None:
        await client.power_up()
        await client.reset(high=True)
        os.kill(client.pid, signal.SIGKILL)
        async with asyncio.timeout(5):
            assert await client.ended == "it has ended"
        with pytest.raises(GuardianError, match="it has ended"):
            await client.reset(high=False)
        with port.lock:
            assert port.board.chips_awake  # nobody is there to help it
        other = await GuardianClient.start(port.path, "bitaxe")
        with port.lock:
            assert port.board.is_cold
        await other.close()

    assert run(use).board.is_cold


def test_an_unplugged_board_ends_the_guardian() -> None:
    async def use(client: GuardianClient, port: Served, reports: Heard) -> None:
        await client.power_up()
        port.unplug()
        async with asyncio.timeout(10):
            assert f"{port.path} is gone" in await client.ended

    run(use)


def test_an_order_in_flight_fails_when_the_guardian_dies() -> None:
    async def use(client: GuardianClient, port: Served, reports: Heard) -> None:
        order = asyncio.ensure_future(client.power_up())
        await asyncio.sleep(0)
        os.kill(client.pid, signal.SIGKILL)
        with pytest.raises(GuardianError, match="it has ended"):
            await order

    run(use)


def test_a_port_that_is_not_there_or_taken_is_told() -> None:
    async def start(path: str) -> None:
        await GuardianClient.start(path, "bitaxe")

    with pytest.raises(NoDeviceError, match="no port '/dev/stampmill-none'"):
        asyncio.run(start("/dev/stampmill-none"))

    async def use(client: GuardianClient, port: Served, reports: Heard) -> None:
        with pytest.raises(NoDeviceError, match=rf"in use by .*\(pid {client.pid}\)"):
            await GuardianClient.start(port.path, "bitaxe")

    run(use)
