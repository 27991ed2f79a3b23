from pathlib import Path

import pytest

from stampmill.core.backends.asic.link.discovery import (
    HERE,
    FoundBoard,
    Machine,
    board_of,
    find_again,
    find_boards,
    unknown_ports,
)
from stampmill.core.backends.asic.link.known import Kind
from stampmill.core.backends.asic.link.usb import usb_devices
from stampmill.core.backends.asic.link.watch import BoardWatch, Change
from tests.core.backends.asic.link.sysfs import Tree, plug_bitaxe


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


def machine(tree: Tree, *, allowed: bool = True, extra: bool = True, holder: str = "") -> Machine:
    return Machine(
        tree.root,
        may_use=lambda path: allowed,
        has_extra=lambda: extra,
        holders=lambda path: (holder,) if holder else (),
        group=lambda: "miners",
    )


def only(tree: Tree, **options: bool) -> FoundBoard:
    [board] = find_boards(machine(tree, **options))
    return board


def test_a_bitaxe_is_found_by_its_texts(tree: Tree) -> None:
    plug_bitaxe(tree, "1-2", "ttyACM0", "ttyACM1")
    board = only(tree)
    assert board.kind is Kind.BITAXE
    assert (board.usb_id, board.serial_number, board.socket) == ("c0de:cafe", "b1", "1-2")
    assert board.ports == (tree.path("ttyACM0"), tree.path("ttyACM1"))
    assert board.name == tree.path("ttyACM1")
    assert board.missing == ()


def test_ports_come_in_interface_order_whatever_they_are_called(tree: Tree) -> None:
    plug_bitaxe(tree, "1-2", "ttyACM7", "ttyACM3")
    assert only(tree).ports == (tree.path("ttyACM7"), tree.path("ttyACM3"))


def test_an_id_alone_is_no_board(tree: Tree) -> None:
    tree.plug("1-2", "c0de:cafe", manufacturer="somebody", product="else")
    tree.add_cdc("1-2", 0, "ttyACM0")
    assert find_boards(machine(tree)) == ()
    [port] = unknown_ports(machine(tree))
    assert (port.path, port.usb_id, port.text) == (
        tree.path("ttyACM0"),
        "c0de:cafe",
        "somebody else",
    )


@pytest.mark.parametrize(
    ("ids", "manufacturer", "product", "kind"),
    [
        ("1209:256f", "256F", "EmberOne00", Kind.EMBERONE),
        ("10c4:ea70", "Silicon Labs", "GekkoScience Compac A1", Kind.GEKKO_A),
        ("0403:6015", "GekkoScience", "CompacF Bitcoin Miner", Kind.GEKKO_F),
        ("0403:6015", "GekkoScience", "R909 Bitcoin Miner", Kind.GEKKO_F),
        ("0403:6015", "GekkoScience", "NewPac Bitcoin Miner", Kind.GEKKO_OLD),
        ("10c4:ea60", "bitshopperde", "Compac BM1384 Bitcoin Miner", Kind.GEKKO_OLD),
        ("0403:8350", "FTDI", "Cairnsmore1", Kind.CAIRNSMORE),
        ("29f1:33f3", "CANAAN", "Avalon nano", Kind.AVALON),
        ("10c4:ea60", "Silicon Labs", "CP2102 USB to UART Bridge Controller", None),
        ("0403:6014", "FTDI", "Single RS232-HS", None),
        ("10c4:ea70", "Silicon Labs", "CP2105 Dual USB to UART Bridge Controller", None),
    ],
)
def test_boards_are_told_by_their_texts(
    tree: Tree, ids: str, manufacturer: str, product: str, kind: Kind | None
) -> None:
    tree.plug("3-1.4", ids, manufacturer=manufacturer, product=product)
    assert [board.kind for board in find_boards(machine(tree))] == ([kind] if kind else [])


def test_adapters_have_their_ports_one_level_deeper(tree: Tree) -> None:
    tree.plug("1-3", "10c4:ea70", manufacturer="Silicon Labs", product="GekkoScience Compac A1")
    tree.add_adapter("1-3", 1, "ttyUSB0")
    tree.add_adapter("1-3", 0, "ttyUSB1")
    board = only(tree)
    assert board.ports == (tree.path("ttyUSB1"), tree.path("ttyUSB0"))
    assert board.name == tree.path("ttyUSB1")


def test_a_board_without_ports_lacks_its_driver(tree: Tree) -> None:
    tree.plug("1-2", "c0de:cafe", manufacturer="OSMU", product="Bitaxe")
    assert only(tree).missing == ("0 of 2 ports: driver cdc_acm (modprobe, or plug it again)",)
    tree.add_cdc("1-2", 0, "ttyACM0")
    assert only(tree).missing[0].startswith("1 of 2 ports")


def test_without_permission_the_rule_is_told(tree: Tree) -> None:
    plug_bitaxe(tree, "1-2", "ttyACM0", "ttyACM1")
    board = only(tree, allowed=False)
    assert board.missing[0].startswith(f"no permission for {tree.path('ttyACM0')}, ")
    assert board.udev_rule == (
        'SUBSYSTEM=="tty", ATTRS{idVendor}=="c0de", ATTRS{idProduct}=="cafe", '
        'MODE="0660", GROUP="miners", TAG+="uaccess"'
    )
    assert only(tree).udev_rule == ""


def test_a_missing_extra_and_a_holder_are_told(tree: Tree) -> None:
    plug_bitaxe(tree, "1-2", "ttyACM0", "ttyACM1")
    assert "pip install 'stampmill[serial]'" in only(tree, extra=False).missing[0]
    [board] = find_boards(machine(tree, holder="other (pid 7)"))
    assert board.missing[0] == f"{tree.path('ttyACM0')} is in use by other (pid 7)"


def test_what_is_not_supported_lacks_only_that(tree: Tree) -> None:
    tree.plug("1-2", "29f1:33f3", manufacturer="CANAAN", product="Avalon nano")
    assert only(tree, extra=False).missing == ("not supported yet",)


def test_several_boards_are_in_order_of_their_sockets(tree: Tree) -> None:
    plug_bitaxe(tree, "1-4", "ttyACM0", "ttyACM1", "b2")
    plug_bitaxe(tree, "1-2", "ttyACM2", "ttyACM3", "b1")
    assert [board.serial_number for board in find_boards(machine(tree))] == ["b1", "b2"]


def test_a_port_leads_to_its_board_even_by_a_link(tree: Tree) -> None:
    plug_bitaxe(tree, "1-2", "ttyACM0", "ttyACM1")
    link = tree.root / "dev/bitaxe"
    link.symlink_to(tree.path("ttyACM1"))
    for path in (str(link), tree.path("ttyACM0")):
        board = board_of(path, machine(tree))
        assert board is not None
        assert board.serial_number == "b1"
    assert board_of(tree.path("ttyS0"), machine(tree)) is None


def test_without_sysfs_there_is_nothing(tmp_path: Path) -> None:
    assert usb_devices(tmp_path) == ()


def test_texts_that_are_no_utf8_do_no_harm(tree: Tree) -> None:
    tree.plug("1-2", "c0de:cafe", manufacturer="OSMU")
    (tree.root / "sys/bus/usb/devices/1-2/product").write_bytes(b"Bitaxe \xff\n")
    assert only(tree).kind is Kind.BITAXE


def test_this_machine_can_be_looked_at() -> None:
    assert HERE.group()
    assert HERE.may_use("/dev/null")
    assert isinstance(find_boards(), tuple)
    assert isinstance(unknown_ports(), tuple)


def test_comings_and_goings_are_told_once(tree: Tree) -> None:
    watch = BoardWatch()

    def changes(**options: bool) -> list[tuple[Change, str]]:
        found = find_boards(machine(tree, **options))
        return [(change.change, change.board.serial_number) for change in watch.look(found)]

    assert changes() == []
    plug_bitaxe(tree, "1-2", "ttyACM0", "ttyACM1")
    assert changes(allowed=False) == [(Change.APPEARED, "b1")]
    assert changes(allowed=False) == []
    assert changes() == [(Change.READY, "b1")]
    tree.unplug("1-2")
    assert changes() == [(Change.GONE, "b1")]


def test_a_board_that_moved_between_two_looks_is_the_same(tree: Tree) -> None:
    plug_bitaxe(tree, "1-2", "ttyACM0", "ttyACM1")
    watch = BoardWatch(find_boards(machine(tree)))
    tree.unplug("1-2")
    plug_bitaxe(tree, "1-9", "ttyACM4", "ttyACM5")
    [change] = watch.look(find_boards(machine(tree)))
    assert (change.change, change.board.name) == (Change.MOVED, tree.path("ttyACM5"))


def test_boards_without_a_number_are_told_apart_by_their_sockets(tree: Tree) -> None:
    plug_bitaxe(tree, "1-2", "ttyACM0", "ttyACM1", "")
    plug_bitaxe(tree, "1-3", "ttyACM2", "ttyACM3", "")
    assert [b.key for b in find_boards(machine(tree))] == ["bitaxe:1-2", "bitaxe:1-3"]


def test_of_two_boards_with_one_number_each_is_the_one_in_its_own_socket(tree: Tree) -> None:
    plug_bitaxe(tree, "1-2", "ttyACM0", "ttyACM1")
    plug_bitaxe(tree, "1-3", "ttyACM2", "ttyACM3")
    boards = find_boards(machine(tree))
    assert [find_again(board, machine(tree)) for board in boards] == list(boards)
    tree.unplug("1-2")
    assert find_again(boards[0], machine(tree)) == boards[1]
    tree.unplug("1-3")
    assert find_again(boards[0], machine(tree)) is None
