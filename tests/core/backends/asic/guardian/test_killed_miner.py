"""What is left of a board when the miner is killed, for real: processes, pipes and ports."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.core.emulator.peripherals.served import Served, served

STAGES = {
    "bitaxe": (
        "guardian", "fan", "regulator limits", "core voltage", "powered", "volts", "hashing",
    ),
    "emberone": ("reset low", "I/O power", "core power", "discovery", "hashing"),
}  # fmt: skip
"""Before power, around it and after: test_any_order.py ends a miner at every request."""


@contextmanager
def miner(port: Served, profile: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "tests.core.backends.asic.guardian.miner", port.path, profile],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.getcwd()},
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def read_until(process: subprocess.Popen[str], stage: str) -> int:
    """Return the guardian's process once the miner has come so far."""
    assert process.stdout is not None
    guardian = 0
    for line in process.stdout:
        if line.startswith("guardian"):
            guardian = int(line.split()[1])
        if line.startswith(stage):
            return guardian
    raise AssertionError(f"the miner ended before {stage}")


def ended(pid: int) -> bool:
    try:
        return not Path(f"/proc/{pid}/cmdline").read_bytes()  # empty: only its name is left
    except OSError:
        return True


def cold_after_kill(profile: str, stage: str) -> str:
    """Kill a miner at a stage, and return what is wrong with the board afterwards."""
    with served(kind=profile) as port:
        with miner(port, profile) as process:
            read_until(process, stage)
            process.send_signal(signal.SIGKILL)
        if not port.until(lambda board: board.is_cold and board.fan_percent == 100):
            return f"not cold after a kill at {stage}"
        return "; ".join(port.board.violations)


@pytest.mark.parametrize("profile", STAGES)
def test_a_killed_miner_leaves_the_board_cold_at_each_stage(profile: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        wrong = list(pool.map(lambda stage: cold_after_kill(profile, stage), STAGES[profile]))
    assert wrong == [""] * len(STAGES[profile])


def test_while_hashing_the_board_was_hot_before() -> None:
    with served() as port, miner(port, "bitaxe") as process:
        read_until(process, "hashing")
        with port.lock:
            assert port.board.chips_awake
            assert port.board.volts == pytest.approx(1.2, abs=0.01)
        process.send_signal(signal.SIGKILL)
        assert port.until(lambda board: board.is_cold and board.fan_percent == 100)


def test_a_miner_that_is_stopped_is_taken_for_dead_after_five_seconds() -> None:
    with served() as port, miner(port, "bitaxe") as process:
        read_until(process, "hashing")
        process.send_signal(signal.SIGSTOP)
        assert not port.until(lambda board: board.is_cold, 3.5)
        assert port.until(lambda board: board.is_cold and board.fan_percent == 100, 4)


def test_signals_for_the_group_do_not_end_the_guardian() -> None:
    with served() as port, miner(port, "bitaxe") as process:
        guardian = read_until(process, "hashing")
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
            os.kill(guardian, number)
        assert not port.until(lambda board: board.is_cold, 1.0)
        assert os.getsid(guardian) == guardian
        process.send_signal(signal.SIGKILL)
        assert port.until(lambda board: board.is_cold and board.fan_percent == 100)


def test_the_guardian_ends_when_its_work_is_done() -> None:
    with served() as port:
        with miner(port, "bitaxe") as process:
            guardian = read_until(process, "hashing")
        assert port.until(lambda board: board.is_cold)
        assert port.until(lambda board: ended(guardian), 5)


def test_the_guardian_is_small() -> None:
    with served() as port, miner(port, "bitaxe") as process:
        guardian = read_until(process, "hashing")
        status = Path(f"/proc/{guardian}/status").read_text().splitlines()
        [resident] = [line for line in status if line.startswith("VmRSS")]
        assert int(resident.split()[1]) < 32_000
