import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from stampmill.core.backends.asic.board.bare import BareBoard
from stampmill.core.backends.asic.board.bitaxe import BitaxeBoard
from stampmill.core.backends.asic.board.emberone import EmberOneBoard
from stampmill.core.backends.asic.board.found import bare_at, board_at, icarus_at
from stampmill.core.backends.asic.board.gekko import GekkoBoard
from stampmill.core.backends.asic.board.guarded import BoardPorts
from stampmill.core.backends.asic.board.icarus import IcarusBoard
from stampmill.core.backends.asic.board.settings import BoardSettings
from stampmill.core.backends.asic.link.discovery import Machine, names_here
from stampmill.core.backends.asic.link.errors import PortGoneError
from stampmill.core.backends.asic.wire import icarus
from stampmill.core.errors import NoDeviceError
from tests.core.backends.asic.link.fake_usb import FakeDevice, FakeUsb
from tests.core.backends.asic.link.sysfs import Tree, plug_bitaxe

from .lines import ScriptedPort, at_once

SETTINGS = BoardSettings()


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


def machine(tree: Tree, *, allowed: bool = True) -> Machine:
    return Machine(
        tree.root,
        may_use=lambda path: allowed,
        has_extra=lambda: True,
        holders=lambda path: (),
    )


@pytest.mark.parametrize("name", ["ttyACM0", "ttyACM1", "b1", "bitaxe:b1"])
def test_a_bitaxe_is_known_by_either_port_and_by_its_number(tree: Tree, name: str) -> None:
    plug_bitaxe(tree, "1-2", "ttyACM0", "ttyACM1")
    port = tree.path(name) if name.startswith("tty") else name
    board = board_at(port, SETTINGS, machine(tree))
    assert isinstance(board, BitaxeBoard)
    assert board.serial_number == "b1"


@pytest.mark.parametrize("kind", ["bitaxe-hex", "bitaxe-turbo"])
def test_which_bitaxe_it_is_a_user_says(tree: Tree, kind: str) -> None:
    plug_bitaxe(tree, "1-2", "ttyACM0", "ttyACM1")
    board = board_at("b1", SETTINGS, machine(tree), kind=kind)
    assert isinstance(board, BitaxeBoard)
    assert board.profile.name == kind
    with pytest.raises(NoDeviceError, match="is not the port or the serial number of a Bitaxe"):
        board_at("/dev/ttyS0", SETTINGS, machine(tree), kind=kind)


def test_an_emberone_is_known_by_its_port(tree: Tree) -> None:
    tree.plug("1-2", "1209:256f", manufacturer="256F", product="EmberOne00", serial="e1")
    tree.add_cdc("1-2", 0, "ttyACM0")
    tree.add_cdc("1-2", 2, "ttyACM1")
    assert isinstance(board_at(tree.path("ttyACM1"), SETTINGS, machine(tree)), EmberOneBoard)


@pytest.mark.parametrize("port", ["/dev/ttyS0", "socket://10.0.0.2:4000", "nobody"])
def test_what_says_nothing_is_a_plain_line(tree: Tree, port: str) -> None:
    assert isinstance(board_at(port, SETTINGS, machine(tree)), BareBoard)


def test_a_board_is_looked_for_anew_under_its_number(tree: Tree) -> None:
    plug_bitaxe(tree, "1-2", "ttyACM0", "ttyACM1")
    board = board_at("b1", SETTINGS, machine(tree))
    assert isinstance(board, BitaxeBoard)
    assert board.locate() == BoardPorts(tree.path("ttyACM0"), tree.path("ttyACM1"))
    tree.unplug("1-2")
    with pytest.raises(NoDeviceError, match="bitaxe:b1 is not plugged in"):
        board.locate()
    plug_bitaxe(tree, "1-7", "ttyACM4", "ttyACM2")
    assert board.locate() == BoardPorts(tree.path("ttyACM4"), tree.path("ttyACM2"))


def test_a_board_that_is_not_supported_is_refused(tree: Tree) -> None:
    tree.plug("1-2", "0403:6015", manufacturer="GekkoScience", product="NewPac Bitcoin Miner")
    tree.add_adapter("1-2", 0, "ttyUSB0")
    with pytest.raises(NoDeviceError, match="not supported yet"):
        board_at(tree.path("ttyUSB0"), SETTINGS, machine(tree))


@pytest.mark.parametrize(
    ("usb_id", "product", "pins"),
    [
        ("10c4:ea70", "GekkoScience Compac A1", (7, 0)),
        ("10c4:ea70", "GekkoScience Terminus A2", (7, 0)),
        ("0403:6015", "CompacF Bitcoin Miner", (0, 2)),
    ],
)
def test_a_sticks_reset_line_is_that_of_its_adapter_wherever_it_is_plugged_in(
    tree: Tree, monkeypatch: pytest.MonkeyPatch, usb_id: str, product: str, pins: tuple[int, int]
) -> None:
    stick = FakeDevice("1-2.4")
    monkeypatch.setitem(sys.modules, "usb1", FakeUsb(stick))
    texts = {"manufacturer": "GekkoScience", "product": product, "serial": "g1"}
    tree.plug("1-2.4", usb_id, **texts)
    for interface in range(2 if usb_id == "10c4:ea70" else 1):
        tree.add_adapter("1-2.4", interface, f"ttyUSB{interface}")
    board = board_at(tree.path("ttyUSB0"), SETTINGS, machine(tree))
    assert isinstance(board, GekkoBoard)
    line = board._reset_line
    assert line is not None
    asyncio.run(line.hold())
    assert stick.pins == pins[0]
    tree.unplug("1-2.4")
    with pytest.raises(PortGoneError):
        asyncio.run(line.release())
    tree.plug("1-3", usb_id, **texts)
    stick.socket = "1-3"
    asyncio.run(line.release())
    assert stick.pins == pins[1]


def opened(board: BareBoard | GekkoBoard | IcarusBoard) -> list[str]:
    """Power it up and down again; return which ports it opened for that."""
    names: list[str] = []

    async def run() -> None:
        async def open_port(name: str) -> ScriptedPort:
            names.append(name)
            return await ScriptedPort(icarus_answers).opened(name)

        board._opener = open_port
        await (board.bring_up() if isinstance(board, IcarusBoard) else board.power_up())
        await board.stop()

    asyncio.run(run())
    return names


def icarus_answers(data: bytes) -> bytes:
    return icarus.GOLDEN_NONCE if data == icarus.GOLDEN_WORK else bytes(4)


@pytest.mark.parametrize("name", ["ttyUSB0", "g1"])
@pytest.mark.parametrize(
    ("usb_id", "product"),
    [("10c4:ea70", "GekkoScience Compac A1"), ("0403:6015", "CompacF Bitcoin Miner")],
)
def test_a_stick_is_found_again_under_other_names(
    tree: Tree, monkeypatch: pytest.MonkeyPatch, usb_id: str, product: str, name: str
) -> None:
    monkeypatch.setitem(sys.modules, "usb1", FakeUsb(FakeDevice("1-2")))
    interfaces = range(2 if usb_id == "10c4:ea70" else 1)

    def plug(first: int) -> list[str]:
        tree.plug("1-2", usb_id, manufacturer="GekkoScience", product=product, serial="g1")
        ttys = [f"ttyUSB{first + interface}" for interface in interfaces]
        for interface, tty in enumerate(ttys):
            tree.add_adapter("1-2", interface, tty)
        return [tree.path(tty) for tty in ttys]

    paths = plug(0)
    port = tree.path(name) if name.startswith("tty") else name
    board = board_at(port, SETTINGS, machine(tree))
    assert isinstance(board, GekkoBoard)
    assert board.serial_number == "g1"
    board._sleep = at_once
    assert opened(board) == paths
    tree.unplug("1-2")
    with pytest.raises(NoDeviceError, match="g1 is not plugged in"):
        opened(board)
    paths = plug(5)
    assert opened(board) == paths


@pytest.mark.parametrize("make", [board_at, bare_at, icarus_at])
def test_a_board_behind_an_adapter_is_found_again_by_the_adapters_number(
    tree: Tree, make: Callable[..., BareBoard | IcarusBoard]
) -> None:
    tree.plug("1-2", "0403:6001", product="FT232R USB UART", serial="A1")
    tree.add_adapter("1-2", 0, "ttyUSB0")
    board = make(tree.path("ttyUSB0"), settings=SETTINGS, machine=machine(tree))
    assert opened(board) == [tree.path("ttyUSB0")]
    tree.unplug("1-2")
    with pytest.raises(NoDeviceError, match="no adapter with serial number A1 is plugged in"):
        opened(board)
    tree.plug("1-5", "0403:6001", product="FT232R USB UART", serial="A1")
    tree.add_adapter("1-5", 0, "ttyUSB3")
    assert opened(board) == [tree.path("ttyUSB3")]


def test_all_boards_here_are_those_that_can_be_used(tree: Tree) -> None:
    plug_bitaxe(tree, "1-2", "ttyACM0", "ttyACM1", "b1")
    plug_bitaxe(tree, "1-3", "ttyACM2", "ttyACM3", "")
    tree.plug("1-4", "c0de:cafe", manufacturer="OSMU", product="Bitaxe", serial="b3")
    assert names_here(machine(tree)) == ("b1", tree.path("ttyACM3"))


def test_no_board_that_can_be_used_says_what_they_lack(tree: Tree) -> None:
    with pytest.raises(NoDeviceError, match=r"plugged in; `stampmill devices`"):
        names_here(machine(tree))
    plug_bitaxe(tree, "1-2", "ttyACM0", "ttyACM1")
    with pytest.raises(NoDeviceError, match="Bitaxe with bitaxe-raw: no permission for"):
        names_here(machine(tree, allowed=False))
