import json
from pathlib import Path

import pytest

from stampmill.core.backends.asic.link.discovery import Machine
from stampmill.core.cli.plugged import board_lines, boards_json, watch
from tests.core.backends.asic.link.sysfs import Tree, plug_bitaxe


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


def machine(tree: Tree, *, allowed: bool = True) -> Machine:
    return Machine(
        tree.root,
        may_use=lambda path: allowed,
        has_extra=lambda: True,
        holders=lambda path: (),
        group=lambda: "miners",
    )


def text(tree: Tree, *, allowed: bool = True) -> str:
    lines = "\n".join(board_lines(machine(tree, allowed=allowed)))
    return lines.replace(str(tree.root), "")


def test_without_boards_nothing_is_said(tree: Tree) -> None:
    assert text(tree) == ""


def test_a_board_is_listed_with_its_number(tree: Tree) -> None:
    plug_bitaxe(tree, "1-2", "ttyACM0", "ttyACM1")
    assert text(tree).split("\n") == [
        "boards",
        "  /dev/ttyACM1  Bitaxe with bitaxe-raw, serial number b1",
    ]


def test_what_is_missing_is_listed_with_one_rule_for_all(tree: Tree) -> None:
    plug_bitaxe(tree, "1-2", "ttyACM0", "ttyACM1", "b1")
    plug_bitaxe(tree, "1-3", "ttyACM2", "ttyACM3", "b2")
    shown = text(tree, allowed=False)
    assert shown.count("missing: no permission") == 2
    assert shown.count('ATTRS{idVendor}=="c0de"') == 1
    assert "/etc/udev/rules.d/70-stampmill.rules" in shown


def test_a_board_without_a_port_is_listed_by_its_socket(tree: Tree) -> None:
    tree.plug("1-2", "c0de:cafe", manufacturer="OSMU", product="Bitaxe")
    assert "  USB 1-2       Bitaxe with bitaxe-raw\n    missing: 0 of 2 ports" in text(tree)


def test_unknown_ports_are_only_offered(tree: Tree) -> None:
    tree.plug("1-2", "10c4:ea60", manufacturer="Silicon Labs", product="CP2102")
    tree.add_adapter("1-2", 0, "ttyUSB0")
    assert "--probe PORT" in text(tree)
    assert text(tree).endswith("/dev/ttyUSB0  10c4:ea60 Silicon Labs CP2102")


def test_programs_get_the_same(tree: Tree) -> None:
    plug_bitaxe(tree, "1-2", "ttyACM0", "ttyACM1")
    told = json.loads(json.dumps(boards_json(machine(tree))))
    [board] = told["boards"]
    assert board["kind"] == "bitaxe"
    assert board["serial_number"] == "b1"
    assert board["ports"] == [tree.path("ttyACM0"), tree.path("ttyACM1")]
    assert board["missing"] == []
    assert told["ports"] == []


@pytest.mark.parametrize("as_json", [False, True])
def test_comings_and_goings_are_shown(tree: Tree, as_json: bool) -> None:
    shown: list[str] = []
    happenings = iter(
        [
            lambda: plug_bitaxe(tree, "1-2", "ttyACM0", "ttyACM1"),
            lambda: None,
            lambda: tree.unplug("1-2"),
            lambda: None,
        ]
    )

    def sleep(seconds: float) -> None:
        next(happenings)()

    watch(shown.append, as_json=as_json, machine=machine(tree), looks=iter("1234"), sleep=sleep)
    if as_json:
        assert [json.loads(line)["change"] for line in shown] == ["appeared", "gone"]
    else:
        assert [line.split()[0] for line in shown] == ["appeared", "gone"]
        assert shown[0].endswith("Bitaxe with bitaxe-raw b1")


def test_the_command_takes_no_port_that_is_not_there(stampmill) -> None:  # type: ignore[no-untyped-def]
    done = stampmill("devices", "--probe", "/dev/stampmill-none")
    assert done.code == 3
    assert "no port '/dev/stampmill-none'" in done.err


def test_the_command_lists_boards_for_programs(stampmill) -> None:  # type: ignore[no-untyped-def]
    told = stampmill("devices", "--json").json
    assert isinstance(told["boards"], list)
    assert isinstance(told["ports"], list)
