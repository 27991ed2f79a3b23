"""`stampmill mine` on an emulated Bitaxe: how it leaves the board when it ends, however it ends."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from stampmill.core.emulator.boards.control import ControlPort
from stampmill.core.emulator.boards.kinds import BoardOptions, build
from stampmill.core.emulator.peripherals.board import EmulatedPower
from stampmill.core.emulator.session import Session


class Bitaxe:
    """An emulated Bitaxe on this event loop, and miners in front of it."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        board = build(BoardOptions("bitaxe-gamma", rate=2e5))
        control = board.ports[1].emulation.device
        assert isinstance(control, ControlPort)
        self.power: EmulatedPower = control.power
        self.path = folder / "board"
        self.session = Session(board, self.path)
        self._environ = environ

    async def mine(self, *options: str) -> Process:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", "stampmill.core", "mine", "-d", f"asic:{self.path}",
            *options, stdout=PIPE, stderr=PIPE, env=self._environ, start_new_session=True,
        )  # fmt: skip

    async def becomes(self, so: Callable[[EmulatedPower], bool], seconds: float = 10) -> None:
        async with asyncio.timeout(seconds):
            while not so(self.power):  # noqa: ASYNC110  what is emulated has no events
                await asyncio.sleep(0.02)


async def first_share(process: Process) -> None:
    assert process.stderr is not None
    async with asyncio.timeout(30):
        while b"accepted" not in await process.stderr.readline():
            pass


def cold_and_cooled(power: EmulatedPower) -> bool:
    return power.is_cold and power.fan_percent == 100


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_the_board_is_left_cold(tmp_path: Path, environ: dict[str, str], number: int) -> None:
    async def use() -> None:
        bitaxe = Bitaxe(tmp_path, environ)
        bitaxe.session.open()
        miner = await bitaxe.mine("--json")
        try:
            await first_share(miner)
            assert bitaxe.power.chips_awake
            # A terminal's Ctrl-C goes to the whole group, and must not reach the guardian.
            os.killpg(miner.pid, number)
            out, _ = await miner.communicate()
            await bitaxe.becomes(lambda power: power.is_cold)
            if number == signal.SIGKILL:
                await bitaxe.becomes(cold_and_cooled)
            else:
                assert bitaxe.power.fan_percent < 50
                assert json.loads(out)["accepted"] >= 1
            assert bitaxe.power.violations == []
        finally:
            if miner.returncode is None:
                miner.kill()
                await miner.wait()
            bitaxe.session.close()

    asyncio.run(use())
