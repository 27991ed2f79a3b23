import asyncio
import hashlib
import os
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from stampmill.bench.boards import drivers
from stampmill.bench.boards.cables import Cables
from stampmill.core.backends.asic.board.base import BoardError
from stampmill.core.backends.asic.board.bitaxe import BitaxeBoard
from stampmill.core.backends.asic.board.emberone import EmberOneBoard
from stampmill.core.backends.asic.board.guarded import BoardPorts, GuardedBoard
from stampmill.core.backends.asic.board.settings import BoardSettings
from stampmill.core.backends.asic.link.errors import PortGoneError
from stampmill.core.board_report import BoardTemperature
from stampmill.core.emulator.boards.control import ControlPort
from stampmill.core.emulator.boards.kinds import BoardOptions, build
from stampmill.core.emulator.faults.catalogue import parse
from stampmill.core.emulator.peripherals.board import EmulatedPower
from stampmill.core.emulator.peripherals.faults import PowerFault
from stampmill.core.emulator.session import Session
from stampmill.core.emulator.virtual_time import run as run_virtually
from stampmill.core.errors import NoDeviceError, UsageError
from stampmill.core.versions import RolledVersions
from tests.core.fakes import make_job, make_work

VERSIONS = RolledVersions(0x20000000, tuple(1 << bit for bit in range(13, 29)), range(65536))
CLASSES = {"bitaxe-gamma": BitaxeBoard, "emberone": EmberOneBoard}


class Rig:
    """An emulated board with our board in front of it."""

    board: GuardedBoard

    def __init__(self, kind: str, **options: Any) -> None:
        self.device = build(BoardOptions(kind, **options))
        control = self.device.ports[1].emulation.device
        assert isinstance(control, ControlPort)
        self.power: EmulatedPower = control.power


class PluggedRig(Rig):
    """It is plugged into this machine, with a guardian that is a process."""

    def __init__(self, folder: Path, kind: str, **options: Any) -> None:
        super().__init__(kind, **options)
        self.path = folder / "board"
        self.session = Session(self.device, self.path)
        self.board = CLASSES[kind](str(self.path), self._locate)

    def _locate(self) -> BoardPorts:
        if not self.path.exists():
            raise NoDeviceError(f"no board at {self.path}")
        return BoardPorts(f"{self.path}.control", str(self.path))


class VirtualRig(Rig):
    """It is on cables in memory, and all of it in virtual time."""

    def __init__(self, kind: str, settings: BoardSettings, **options: Any) -> None:
        super().__init__(kind, **options)
        self.cables = Cables(self.device, "board", 0.05)
        board = drivers.driver(self.device, self.cables, settings)
        assert isinstance(board, GuardedBoard)
        self.board = board


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


def run(
    use: Callable[[VirtualRig], Awaitable[None]],
    kind: str = "bitaxe-gamma",
    settings: BoardSettings | None = None,
    **options: Any,
) -> EmulatedPower:
    """Use a rig, stop its board, and return what is left of the emulated one."""
    rig = VirtualRig(kind, settings or BoardSettings(), **options)

    async def session() -> None:
        try:
            await use(rig)
        finally:
            await rig.board.stop()
            await rig.cables.close()

    run_virtually(session())
    assert rig.power.is_cold
    return rig.power


def run_plugged(
    folder: Path, use: Callable[[PluggedRig], Awaitable[None]], kind: str, **options: Any
) -> EmulatedPower:
    """Do the same at a port, with a process, and see that no file stays open."""
    rig = PluggedRig(folder, kind, **options)

    async def session() -> None:
        rig.session.open()
        try:
            await use(rig)
        finally:
            await rig.board.stop()
            rig.session.close()

    before = open_files()
    asyncio.run(session())
    assert rig.power.is_cold
    assert open_files() == before
    return rig.power


def are_sound(temperatures: Sequence[BoardTemperature]) -> bool:
    return bool(temperatures) and all(20 < one.celsius < 90 for one in temperatures)


@pytest.mark.parametrize(
    ("kind", "name", "chips", "volts"),
    [("bitaxe-gamma", "bitaxe-gamma", 1, 1.15), ("emberone", "emberone00", 12, 3.6)],
)
def test_from_cold_to_nonces_and_back(
    tmp_path: Path, kind: str, name: str, chips: int, volts: float
) -> None:
    async def use(rig: PluggedRig) -> None:
        facts = await rig.board.bring_up()
        assert (facts.kind, facts.chips) == (name, chips)
        assert rig.power.chips_awake
        assert rig.power.volts == pytest.approx(volts, abs=0.002)
        work = make_work(make_job(version_mask=0x1FFFE000), versions=VERSIONS)
        rig.board.set_ticket(0)
        rig.board.start(facts.job_ids[0], work)
        async with asyncio.timeout(20):
            found = next(iter(await rig.board.hear()))
        version = rig.board.version(work, found)
        header = work.header(found.nonce, version).to_bytes()
        digest = hashlib.sha256(hashlib.sha256(header).digest()).digest()
        assert int.from_bytes(digest, "little") < 1 << (256 - facts.zero_bits)
        async with asyncio.timeout(30):
            # Out of reset a chip's diode shows nonsense for a moment.
            while not are_sound(rig.board.temperatures()):
                await asyncio.wait([asyncio.ensure_future(rig.board.hear())], timeout=0.5)
        units = {reading.unit for reading in rig.board.readings()}
        assert units == ({"rpm", "volts", "watts"} if kind == "bitaxe-gamma" else set())

        await rig.board.stop()
        limits = {one.place: one.stops_at for one in rig.board.temperatures()}  # for the summary
        assert {limits.pop("regulator temperature", None)} == {None}
        assert set(limits.values()) == {80.0}

    power = run_plugged(tmp_path, use, kind, rate=1e6, zero_bits=12)
    assert power.violations == []


def test_a_supra_is_told_by_its_chip_and_gets_its_own_voltage() -> None:
    async def use(rig: VirtualRig) -> None:
        facts = await rig.board.bring_up()
        assert facts.kind == "bitaxe-supra"
        assert rig.power.volts == pytest.approx(1.166, abs=0.002)
        with pytest.raises(UsageError, match="600 MHz is outside the 50 to 575 MHz"):
            await rig.board.retune(600)

    run(use, faults=parse(["wrong-chip:1368"]))


def test_a_chip_that_is_on_no_such_board_is_refused() -> None:
    async def use(rig: VirtualRig) -> None:
        with pytest.raises(BoardError, match="no bitaxe with chip 1362 is known"):
            await rig.board.bring_up()

    run(use, faults=parse(["wrong-chip:1362"]))


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        (BoardSettings(volts=1.3), "core voltage 1.3 V: bitaxe-gamma takes 1 to 1.25 V"),
        (BoardSettings(mhz=650), "650 MHz is outside the 50 to 625 MHz"),
        (BoardSettings(chip="bm1366"), "has BM1370, not BM1366"),
    ],
)
def test_settings_beyond_the_board_are_refused_and_leave_it_cold(
    settings: BoardSettings, text: str
) -> None:
    async def use(rig: VirtualRig) -> None:
        with pytest.raises(UsageError, match=text):
            await rig.board.bring_up()
        assert rig.power.is_cold
        assert rig.power.fan_percent == 100

    run(use, settings=settings)


def test_a_voltage_for_a_board_that_has_none_to_set_is_refused() -> None:
    async def use(rig: VirtualRig) -> None:
        with pytest.raises(UsageError, match="cannot be set"):
            await rig.board.bring_up()

    run(use, "emberone", BoardSettings(volts=1.2), chips=2)


def test_a_board_without_its_supply_says_so() -> None:
    async def use(rig: VirtualRig) -> None:
        rig.power.faults.add(PowerFault.NO_SUPPLY)
        with pytest.raises(BoardError, match="is the board's own supply plugged in"):
            await rig.board.bring_up()

    run(use)


def test_a_board_that_was_stopped_or_unplugged_is_brought_up_again() -> None:
    async def use(rig: VirtualRig) -> None:
        await rig.board.bring_up()
        assert rig.power.volts == pytest.approx(1.1, abs=0.002)
        rig.power.faults.add(PowerFault.OVER_CURRENT)
        with pytest.raises(BoardError, match="was stopped: regulator: output over-current"):
            async with asyncio.timeout(10):
                await rig.board.hear()
        assert rig.power.is_cold
        rig.power.faults.clear()
        await rig.board.bring_up()
        rig.cables.unplug()
        with pytest.raises((BoardError, PortGoneError), match="gone"):
            async with asyncio.timeout(10):
                await rig.board.hear()
        with pytest.raises(NoDeviceError, match="no port"):
            await rig.board.bring_up()
        rig.cables.plug_in()
        await rig.board.bring_up()
        assert rig.power.chips_awake

    assert run(use, settings=BoardSettings(volts=1.1)).violations == []


def test_a_board_that_is_not_up_has_nothing_to_say() -> None:
    async def use(rig: VirtualRig) -> None:
        with pytest.raises(BoardError, match="is not up"):
            await rig.board.hear()
        assert rig.board.temperatures() == ()

    run(use)
