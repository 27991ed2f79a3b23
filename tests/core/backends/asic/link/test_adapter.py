from pathlib import Path

import pytest

from stampmill.core.backends.asic.link.adapter import locate_port
from stampmill.core.backends.asic.link.discovery import Machine
from stampmill.core.errors import NoDeviceError
from tests.core.backends.asic.link.sysfs import Tree


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


def plug(tree: Tree, socket: str, *ttys: str, serial: str = "a1", ids: str = "0403:6011") -> None:
    tree.plug(socket, ids, product="Quad RS232-HS", serial=serial)
    for interface, tty in enumerate(ttys):
        tree.add_adapter(socket, interface, tty)


def test_a_port_is_found_again_in_another_socket_under_another_name(tree: Tree) -> None:
    plug(tree, "1-2", "ttyUSB0", "ttyUSB1")
    locate = locate_port(tree.path("ttyUSB1"), Machine(tree.root))
    assert locate() == tree.path("ttyUSB1")
    tree.unplug("1-2")
    with pytest.raises(NoDeviceError, match="ttyUSB1: no adapter with serial number a1 is plugged"):
        locate()
    plug(tree, "1-3", "ttyUSB0", "ttyUSB1", serial="a2")
    with pytest.raises(NoDeviceError, match="serial number a1"):
        locate()
    plug(tree, "1-7", "ttyUSB9", "ttyUSB4")
    assert locate() == tree.path("ttyUSB4")


def test_an_adapter_whose_driver_is_not_there_yet_is_waited_for(tree: Tree) -> None:
    plug(tree, "1-2", "ttyUSB0")
    locate = locate_port(tree.path("ttyUSB0"), Machine(tree.root))
    tree.unplug("1-2")
    plug(tree, "1-2")
    with pytest.raises(NoDeviceError):
        locate()
    tree.add_adapter("1-2", 0, "ttyUSB3")
    assert locate() == tree.path("ttyUSB3")


def test_a_link_to_a_port_leads_to_its_adapter(tree: Tree) -> None:
    plug(tree, "1-2", "ttyUSB0")
    link = tree.root / "dev/chain"
    link.symlink_to(tree.path("ttyUSB0"))
    locate = locate_port(str(link), Machine(tree.root))
    tree.unplug("1-2")
    plug(tree, "1-2", "ttyUSB3")
    assert locate() == tree.path("ttyUSB3")


def test_what_has_no_serial_number_stays_a_path(tree: Tree) -> None:
    plug(tree, "1-2", "ttyUSB0", serial="")
    paths = [tree.path("ttyUSB0"), "/dev/ttyS0", "socket://10.0.0.2:4000"]
    locates = [locate_port(path, Machine(tree.root)) for path in paths]
    tree.unplug("1-2")
    plug(tree, "1-2", "ttyUSB1", serial="")
    assert [locate() for locate in locates] == paths


def test_a_number_that_two_adapters_have_tells_nothing(tree: Tree) -> None:
    plug(tree, "1-2", "ttyUSB0", serial="0001")
    plug(tree, "1-3", "ttyUSB1", serial="0001")
    plug(tree, "1-4", "ttyUSB2", serial="0001", ids="10c4:ea60")
    locate = locate_port(tree.path("ttyUSB0"), Machine(tree.root))
    other = locate_port(tree.path("ttyUSB2"), Machine(tree.root))
    tree.unplug("1-2")
    tree.unplug("1-4")
    plug(tree, "1-4", "ttyUSB5", serial="0001", ids="10c4:ea60")
    assert locate() == tree.path("ttyUSB0")
    assert other() == tree.path("ttyUSB5")


def test_of_two_with_one_number_the_one_in_its_old_socket_is_meant(tree: Tree) -> None:
    plug(tree, "1-3", "ttyUSB0", serial="0001")
    locate = locate_port(tree.path("ttyUSB0"), Machine(tree.root))
    plug(tree, "1-2", "ttyUSB1", serial="0001")
    assert locate() == tree.path("ttyUSB0")
    tree.unplug("1-3")
    plug(tree, "1-4", "ttyUSB0", serial="0001")
    with pytest.raises(NoDeviceError, match="several adapters have serial number 0001"):
        locate()
