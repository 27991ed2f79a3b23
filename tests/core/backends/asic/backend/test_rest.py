"""A board without work for long goes cold, and comes back with the next job."""

import asyncio
from pathlib import Path

import pytest

from stampmill.core import native
from stampmill.core.backends.asic.backend import rest
from stampmill.core.backends.asic.backend.rest import COLD_AFTER, LongRestError, Rest
from stampmill.core.emulator.boards.control import ControlPort
from tests.core.backends.asic.emulated import Rig, mining

PATIENCE = 60.0


def test_a_rest_is_long_after_a_minute_without_work() -> None:
    board = Rest()
    board.look(0.0)
    board.look(COLD_AFTER - 1)
    board.turn_to(wanted=True)
    board.turn_to(wanted=False)
    board.look(COLD_AFTER + 1)
    board.look(2 * COLD_AFTER)
    with pytest.raises(LongRestError):
        board.look(2 * COLD_AFTER + 1)
    assert board.is_long
    board.end()
    assert not board.is_long


def test_a_board_at_work_never_rests() -> None:
    board = Rest()
    board.turn_to(wanted=True)
    for now in (0.0, COLD_AFTER, 10 * COLD_AFTER):
        board.look(now)
    assert not board.is_long


def is_cold(rig: Rig) -> bool:
    control = rig.session.board.ports[1].emulation.device
    assert isinstance(control, ControlPort)
    return bool(control.power.is_cold)


@pytest.mark.skipif(not native.available(), reason="an emulated board hashes by the C extension")
def test_a_board_whose_power_is_ours_goes_cold_and_comes_back_with_the_next_job(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rest, "COLD_AFTER", 0.2)

    async def goes_cold(rig: Rig, times: int) -> None:
        rig.backend.idle()
        await rig.until(lambda: sum("left cold" in line for line in rig.told) == times, PATIENCE)
        await rig.until(lambda: is_cold(rig), PATIENCE)

    async def story() -> Rig:
        async with mining(tmp_path, "bitaxe-gamma") as rig:
            await rig.until(lambda: len(rig.good) > 3, PATIENCE)
            await goes_cold(rig, 1)
            board = rig.backend.telemetry().board
            assert board is not None
            assert (board.working, board.temperatures, board.readings) == (False, (), ())
            rig.backend.replace(rig.feed(id="again"))
            await rig.until(
                lambda: any(nonce.work.job.id == "again" for nonce in rig.nonces), PATIENCE
            )
            assert not is_cold(rig)
            board = rig.backend.telemetry().board
            assert board is not None
            assert board.temperatures
            assert any(reading.unit == "watts" for reading in board.readings)
            await goes_cold(rig, 2)
        return rig

    rig = asyncio.run(story())
    assert rig.counts()["recoveries"] == 0
    assert is_cold(rig), "closed while it rests"
