"""A board without work for long goes cold, and comes back with the next job."""

import pytest

from stampmill.core import native
from stampmill.core.backends.asic.backend.rest import COLD_AFTER, LongRestError, Rest
from stampmill.core.board_report import BoardReport
from stampmill.core.emulator.boards.control import ControlPort
from stampmill.core.emulator.virtual_time import run
from tests.core.backends.asic.emulated import Rig, mining_virtually

PATIENCE = COLD_AFTER + 60.0


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


def left_cold(rig: Rig) -> int:
    return sum("left cold" in line for _, line in rig.session.told)


@pytest.mark.skipif(not native.available(), reason="an emulated board hashes by the C extension")
def test_a_board_whose_power_is_ours_goes_cold_and_comes_back_with_the_next_job() -> None:
    async def goes_cold(rig: Rig, times: int) -> None:
        rig.backend.idle()
        await rig.until(lambda: left_cold(rig) == times, PATIENCE)
        await rig.until(lambda: is_cold(rig), PATIENCE)

    async def story() -> Rig:
        async with mining_virtually("bitaxe-gamma") as rig:
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
            await rig.until(lambda: bool(_shown(rig).temperatures), PATIENCE)
            assert any(reading.unit == "watts" for reading in _shown(rig).readings)
            await goes_cold(rig, 2)
        return rig

    rig = run(story())
    assert rig.counts()["recoveries"] == 0
    assert is_cold(rig), "closed while it rests"


def _shown(rig: Rig) -> BoardReport:
    board = rig.backend.telemetry().board
    assert board is not None
    return board
