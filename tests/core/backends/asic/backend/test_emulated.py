"""The backend on emulated boards, in real time on pseudo-terminals.

What faults on the line and in the chips do to it: tests/core/emulator/test_driver_at_faults.py.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from stampmill.core import native
from stampmill.core.backends.asic.board import tuned_chain
from stampmill.core.backends.asic.board.base import BoardError
from stampmill.core.backends.asic.link.errors import NoPortError, PortBusyError
from stampmill.core.backends.asic.link.serial_port import open_port
from stampmill.core.backends.base import BackendError
from stampmill.core.errors import UsageError
from stampmill.core.job import Nonce
from stampmill.core.settings import AsicSettings
from stampmill.core.verify import Finding, verify
from tests.core.backends.asic.emulated import RATE, Rig, emulated, mining

pytestmark = pytest.mark.skipif(
    not native.available(), reason="an emulated board hashes by the C extension"
)

KINDS = [
    ("bm1370", 1), ("bm1366", 3), ("bm1362", 12), ("bm1397", 1), ("icarus", 1), ("erupter", 1),
    ("gekko-a1", 1), ("gekko-f", 1),
]  # fmt: skip
"""One of each way to talk on a line: every other kind, and longer chains, in virtual time."""


@pytest.fixture(autouse=True)
def _short_silences(monkeypatch: pytest.MonkeyPatch) -> None:
    """Board and driver are on one event loop: neither waits for the other's process."""
    monkeypatch.setattr(tuned_chain, "_EMULATED_QUIET", 0.08)


Scenario = Callable[[Rig], Awaitable[None]]


def on(folder: Path, scenario: Scenario, kind: str = "bm1370", **options: object) -> Rig:
    """Run a scenario on a board that mines; return what is left of it."""

    async def run() -> Rig:
        async with mining(folder, kind, **options) as rig:
            await scenario(rig)
        return rig

    return asyncio.run(run())


def finds(count: int) -> Scenario:
    async def scenario(rig: Rig) -> None:
        await rig.until(lambda: len(rig.good) >= count)

    return scenario


@pytest.mark.parametrize(("kind", "chips"), KINDS)
def test_every_kind_finds_what_the_work_asks_for(kind: str, chips: int, tmp_path: Path) -> None:
    rate, zero_bits = (1e6, 14) if kind in {"icarus", "erupter"} else (RATE, None)
    options = {"chips": chips, "rate": rate, "zero_bits": zero_bits}
    rig = on(tmp_path, finds(12), kind, **options)
    assert Finding.HARDWARE_ERROR not in rig.findings
    report = rig.backend.telemetry().board
    assert report is not None
    assert report.measured.low < RATE < report.measured.high * 1.5
    assert len(report.chips) >= chips
    assert {nonce.device for nonce in rig.nonces} == {str(rig.link)}
    assert rig.backend.telemetry().hashes[str(rig.link)] > 0
    # Nothing comes twice, and nothing comes of a version that the pool does not allow.
    headers = {n.work.header(n.nonce, n.version, n.ntime).to_bytes() for n in rig.nonces}
    assert len(headers) == len(rig.nonces)


def test_work_goes_on_without_a_new_job(tmp_path: Path) -> None:
    async def scenario(rig: Rig) -> None:
        await rig.until(lambda: len({nonce.work.extranonce2 for nonce in rig.nonces}) >= 3)

    rig = on(tmp_path, scenario)
    assert len({nonce.work.job.id for nonce in rig.nonces}) == 1


def test_a_clean_job_takes_over_at_once_and_late_nonces_are_counted(tmp_path: Path) -> None:
    async def scenario(rig: Rig) -> None:
        await rig.until(lambda: len(rig.nonces) > 12)
        rig.backend.replace(rig.feed(id="second"))
        await rig.until(lambda: sum(n.work.job.id == "second" for n in rig.nonces) > 12)

    rig = on(tmp_path, scenario, faults=("stale:3",))
    ids = [nonce.work.job.id for nonce in rig.nonces]
    late = ids[ids.index("second") :].count("job")
    assert rig.counts()["stale"] >= late
    switches = rig.backend.telemetry()
    assert switches.starved_jobs == 0


def test_each_job_is_handed_out_within_the_call_that_brings_it(tmp_path: Path) -> None:
    async def scenario(rig: Rig) -> None:
        for number in range(20):
            written: list[bytes] = []
            port = rig.backend._board._up.port  # type: ignore[attr-defined]
            write = port.write
            port.write = lambda data, write=write, to=written: (to.append(data), write(data))
            rig.backend.replace(rig.feed(id=str(number)))
            port.write = write
            assert written[-1][:3] == bytes.fromhex("55aa21")
            assert len(written) <= 2  # a new version mask goes before it at most
            await asyncio.sleep(0.02)
        await rig.until(lambda: any(nonce.work.job.id == "19" for nonce in rig.nonces))

    rig = on(tmp_path, scenario)
    switches = rig.backend.telemetry().job_switches
    assert len(switches) == 21
    assert all(0 <= seconds < 1 for seconds in switches)


def test_idle_sends_no_more_jobs_and_wakes_no_watchdog(tmp_path: Path) -> None:
    async def scenario(rig: Rig) -> None:
        await rig.until(lambda: len(rig.nonces) > 5)
        rig.backend.idle()
        jobs = rig.session.board.counters()["jobs"]
        await asyncio.sleep(0.7)
        assert rig.session.board.counters()["jobs"] == jobs
        rig.backend.update(rig.feed(id="again"))
        await rig.until(lambda: any(nonce.work.job.id == "again" for nonce in rig.nonces))

    rig = on(tmp_path, scenario)
    assert rig.counts()["recoveries"] == 0


def test_an_unplugged_board_is_mined_on_again_once_it_is_back(tmp_path: Path) -> None:
    async def scenario(rig: Rig) -> None:
        await rig.until(lambda: any(line.endswith("is back") for line in rig.told))
        found = len(rig.good)
        await rig.until(lambda: len(rig.good) > found)

    rig = on(tmp_path, scenario, faults=("unplug:3",))
    assert any("is gone" in line for line in rig.told)


def test_a_board_that_never_comes_back_is_given_up_loudly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stampmill.core.backends.asic.backend.recovery.PATIENCE", 0.5)

    async def run() -> None:
        async with emulated(tmp_path) as rig:
            await rig.backend.open()
            rig.backend.replace(rig.feed())
            nonces: list[Nonce] = []
            with pytest.raises(BackendError, match=r"given up after 0.5 s: no port .*board"):
                await asyncio.wait_for(_all_until_unplugged(rig, nonces), 20)
            assert nonces

    asyncio.run(run())


async def _all_until_unplugged(rig: Rig, into: list[Nonce]) -> None:
    async for nonce in rig.backend.nonces():
        into.append(nonce)
        if len(into) == 5:
            rig.session.close()


def fails(folder: Path, kind: str = "bm1370", **options: object) -> tuple[type[Exception], str]:
    """Return what opening the board raises, having seen that the port was given back."""

    async def run() -> tuple[type[Exception], str]:
        async with emulated(folder, kind, **options) as rig:  # type: ignore[arg-type]
            try:
                await rig.backend.open()
            except Exception as error:
                await (await open_port(str(rig.link))).close()
                return type(error), str(error)
        return AssertionError, "it opened"

    return asyncio.run(run())


BAD = [
    ({"faults": ("wrong-chip:1372",)}, BoardError, "chip 1372 is not known; known are bm1370"),
    ({"settings": AsicSettings(chip="bm1366")}, UsageError, "has BM1370, not BM1366: --force"),
    ({"settings": AsicSettings(chips=2)}, BoardError, "1 of 2 BM1370 chips answer"),
    ({"settings": AsicSettings(mhz=2000)}, UsageError, "2000 MHz is outside the 50 to 700 MHz"),
    ({"settings": AsicSettings(mhz=2000, force=True)}, UsageError, "2000 MHz is outside"),
    ({"settings": AsicSettings(baud=9600)}, UsageError, "BM1370 knows 115200, 1000000, 3125000"),
    ({"kind": "bm1366", "settings": AsicSettings(board="icarus")}, BoardError, "no Icarus"),
    ({"kind": "icarus", "settings": AsicSettings(board="bare")}, BoardError, "no chip answers"),
]


@pytest.mark.parametrize(("options", "kind", "text"), BAD)
def test_what_cannot_work_is_refused_and_named(
    options: dict[str, object], kind: type[Exception], text: str, tmp_path: Path
) -> None:
    raised, said = fails(tmp_path, **options)  # type: ignore[arg-type]
    assert raised is kind
    assert text in said
    assert "\n" not in said


def test_an_unknown_chip_is_taken_for_another_only_while_it_answers_as_one(tmp_path: Path) -> None:
    settings = AsicSettings(chip="bm1370", force=True)
    # Every answer to the count bears the wrong id, so nothing but the user's word goes by it.
    raised, said = fails(tmp_path, faults=("wrong-chip:1372",), settings=settings)
    assert (raised, "0 of 1 BM1370 chips answer" in said) == (BoardError, True)


def test_two_miners_cannot_have_one_board(tmp_path: Path) -> None:
    async def scenario(rig: Rig) -> None:
        with pytest.raises(PortBusyError, match=f"pid {os.getpid()}"):
            await open_port(str(rig.link))

    on(tmp_path, scenario)


def test_no_board_is_named(tmp_path: Path) -> None:
    async def run() -> None:
        async with emulated(tmp_path) as rig:
            rig.session.close()
            with pytest.raises(NoPortError, match=str(rig.link)):
                await rig.backend.open()

    asyncio.run(run())


def test_a_faster_line_is_taken_where_it_works(tmp_path: Path) -> None:
    async def scenario(rig: Rig) -> None:
        await finds(8)(rig)
        assert rig.session.board.ports[0].emulation.device.baud == pytest.approx(1e6, rel=0.05)

    rig = on(tmp_path, scenario, settings=AsicSettings(baud=1_000_000))
    assert rig.counts()["damaged frames"] == 0


def test_a_line_that_does_not_go_faster_stays(tmp_path: Path) -> None:
    async def scenario(rig: Rig) -> None:
        await finds(5)(rig)
        rig.backend.telemetry()

    settings = AsicSettings(baud=1_000_000)
    rig = on(tmp_path, scenario, faults=("baud-mismatch",), settings=settings)
    assert rig.told == [
        f"{rig.link}: not all chips are heard at 1000000 baud, so the line stays at 115200"
    ]


def test_a_second_run_finds_chips_at_the_rate_that_the_first_left(tmp_path: Path) -> None:
    async def run() -> None:
        settings = AsicSettings(baud=1_000_000)
        async with emulated(tmp_path, settings=settings) as rig:
            await rig.backend.open()
            await rig.backend.close()
            again = type(rig.backend)(rig.backend._board)
            await again.open()
            await again.close()

    asyncio.run(run())


def test_it_tells_what_is_to_be_known_before_and_after(tmp_path: Path) -> None:
    async def run() -> None:
        async with emulated(tmp_path, chips=2) as rig:
            assert rig.backend.telemetry().hashes == {}
            await rig.backend.open()
            capabilities = rig.backend.capabilities()
            assert capabilities.kernel == f"asic:{rig.link}"
            assert capabilities.devices == (str(rig.link),)
            assert capabilities.max_versions == 65_536
            report = rig.backend.telemetry().board
            assert report is not None
            assert (report.kind, report.mhz, report.expected) == ("BM1370 x 2", 525.0, RATE)
            await asyncio.wait_for(rig.backend.close(), 5)
            await rig.backend.close()
            rig.backend.replace(rig.feed())
            assert [nonce async for nonce in rig.backend.nonces()] == []

    asyncio.run(run())


def test_a_frequency_is_gone_to(tmp_path: Path) -> None:
    rig = on(tmp_path, finds(5), settings=AsicSettings(mhz=400.0))
    report = rig.backend.telemetry().board
    assert report is not None
    assert report.mhz == 400.0


@pytest.mark.parametrize("mhz", [400.0, 575.0])
def test_a_running_board_is_retuned_in_steps(mhz: float, tmp_path: Path) -> None:
    async def scenario(rig: Rig) -> None:
        await finds(5)(rig)
        await rig.backend.retune(mhz)
        found = len(rig.good)
        await rig.until(lambda: len(rig.good) > found + 5)
        assert rig.session.board.counters()["mhz"] == mhz
        with pytest.raises(UsageError, match="2000 MHz is outside"):
            await rig.backend.retune(2000.0)

    rig = on(tmp_path, scenario)
    counters = rig.session.board.counters()
    assert (counters["clock_jumps"], counters["odd_clocks"]) == (0, 0)
    report = rig.backend.telemetry().board
    assert report is not None
    assert (report.mhz, report.expected) == (mhz, pytest.approx(RATE * mhz / 525))


def test_a_pool_that_lets_few_versions_be_rolled_is_warned_of(tmp_path: Path) -> None:
    async def scenario(rig: Rig) -> None:
        assert not rig.told
        rig.backend.replace(rig.feed(version_mask=0x00C00000, id="narrow"))
        await rig.until(lambda: any(n.work.job.id == "narrow" for n in rig.good))
        rig.backend.telemetry()

    rig = on(tmp_path, scenario)
    assert [line for line in rig.told if "rolled in 2 bits, not 16" in line]
    narrow = [n for n in rig.good if n.work.job.id == "narrow"]
    assert all(n.version & ~0x00C00000 == 0x20000000 for n in narrow)


def test_a_verified_share_of_an_emulated_board_is_one(tmp_path: Path) -> None:
    rig = on(tmp_path, finds(5))
    finding, share = verify(rig.good[0])
    assert finding is Finding.SHARE
    assert share is not None
