import asyncio
from pathlib import Path

import pytest

from stampmill.core.backends.asic.board import icarus
from stampmill.core.backends.asic.board.probe import probe
from stampmill.core.backends.asic.control.replies import Variant
from stampmill.core.backends.asic.wire.icarus import GOLDEN_NONCE, GOLDEN_WORK
from stampmill.core.emulator.boards.kinds import BoardOptions, build
from stampmill.core.emulator.faults.catalogue import parse
from stampmill.core.emulator.session import Session
from stampmill.core.emulator.virtual_time import run
from stampmill.core.errors import NoDeviceError
from tests.core.emulator.peripherals.served import served

from .lines import ScriptedPort


def ask(folder: Path, kind: str, fault: str = "", rate: float = 1e4, **more: int) -> str:
    faults = parse([fault]) if fault else parse([])
    options = BoardOptions(kind, rate=rate, faults=faults, **more)
    session = Session(build(options), folder / "board")

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


@pytest.mark.parametrize("kind", ["icarus", "erupter"])
def test_boards_that_take_works_find_the_golden_nonce(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A busy machine may give the emulated board no time for longer than a real one needs.
    monkeypatch.setattr(icarus, "_ANSWER_SECONDS", 20.0)
    found = ask(tmp_path, kind, rate=1e7, zero_bits=20)
    assert found == "an Icarus or Block Erupter: -d asic:PATH --asic-board icarus, or erupter"


@pytest.mark.parametrize(("more", "name"), [("00", "an Antminer U1"), ("00000001", "a Rockminer")])
def test_relatives_with_longer_answers_are_named(more: str, name: str) -> None:
    def answer(data: bytes) -> bytes:
        return GOLDEN_NONCE + bytes.fromhex(more) if data == GOLDEN_WORK else b""

    found = run(probe("scripted", ScriptedPort(answer).opened))
    assert found.startswith(name)
    assert found.endswith("which is not supported")


async def given_up_within(seconds: float, port: ScriptedPort) -> str:
    async with asyncio.timeout(seconds):
        return await probe("scripted", port.opened)


def test_what_does_not_answer_is_given_up_quickly_and_gets_whole_works() -> None:
    port = ScriptedPort()
    with pytest.raises(NoDeviceError, match="nothing answers"):
        assert run(given_up_within(2.0, port))
    assert len(b"".join(port.written)) % 64 == 0
    assert port.closed


def test_an_answer_that_is_no_nonce_is_no_board() -> None:
    port = ScriptedPort(lambda data: b"OK\r\n" if len(data) == 64 else b"")
    with pytest.raises(NoDeviceError, match="nothing answers"):
        run(probe("scripted", port.opened))


def test_a_port_that_is_not_there_is_told() -> None:
    with pytest.raises(NoDeviceError, match="no port"):
        asyncio.run(probe("/dev/stampmill-none"))
