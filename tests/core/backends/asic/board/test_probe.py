import asyncio
import time
from pathlib import Path

import pytest

from stampmill.core.backends.asic.board.probe import probe
from stampmill.core.backends.asic.control.replies import Variant
from stampmill.core.emulator.boards.kinds import BoardOptions, build
from stampmill.core.emulator.faults.catalogue import parse
from stampmill.core.emulator.session import Session
from stampmill.core.errors import NoDeviceError
from tests.core.emulator.peripherals.served import served


def ask(folder: Path, kind: str, fault: str = "") -> str:
    faults = parse([fault]) if fault else parse([])
    session = Session(build(BoardOptions(kind, rate=1e4, faults=faults)), folder / "board")

    async def asked() -> str:
        session.open()
        try:
            return await probe(str(folder / "board"))
        finally:
            session.close()

    return asyncio.run(asked())


def test_chips_are_named(tmp_path: Path) -> None:
    assert ask(tmp_path, "bm1366") == "1 x BM1366"


def test_chips_that_nobody_knows_are_told_by_id(tmp_path: Path) -> None:
    assert ask(tmp_path, "bm1370", "wrong-chip:1372") == "1 x an unknown chip with id 1372"


@pytest.mark.parametrize("variant", Variant)
def test_a_control_port_is_known_in_each_variant(variant: Variant) -> None:
    with served(variant=variant) as port:
        found = asyncio.run(probe(port.path))
        assert found == f"the control port of a bitaxe-raw bridge, replies {variant.value}"
        assert not port.board.reset_high


def test_what_does_not_answer_is_given_up_quickly_and_gets_a_whole_work(tmp_path: Path) -> None:
    start = time.monotonic()
    with pytest.raises(NoDeviceError, match="nothing answers"):
        ask(tmp_path, "icarus")
    assert time.monotonic() - start < 5


def test_a_port_that_is_not_there_is_told() -> None:
    with pytest.raises(NoDeviceError, match="no port"):
        asyncio.run(probe("/dev/stampmill-none"))
