"""Threads and intensity of a run that goes on, with backends that a test steers."""

import asyncio

import pytest

from stampmill.core.backends.options import BackendOptions
from stampmill.core.backends.registry import Choice
from stampmill.core.cli.run.tuner import Tuner
from stampmill.core.errors import NoDeviceError, UsageError
from stampmill.core.operate.controls import RefusedError
from tests.core.fakes import MemoryBackend, turn
from tests.core.running import LONG, Run, a_source, some_accepted

CPU = Choice("cpu", BackendOptions(threads=1))
CARD = Choice("opencl", BackendOptions())
BOARD = Choice("asic", BackendOptions(port="/dev/none"))


class Tuned:
    """A run, its tuner, and what that has made and told."""

    def __init__(self, *choices):
        self.running = {choice: MemoryBackend(choice.name) for choice in choices}
        self.run = Run(a_source(), *self.running.values())
        self.made = []
        self.told = []
        self.fails = None
        self.tuner = Tuner(
            self.run.miner, self.running, self.make, lambda *line: self.told.append(line)
        )

    def make(self, choice):
        backend = MemoryBackend(choice.name)
        backend.fails_to_open = self.fails
        self.made.append((choice, backend))
        return backend

    def while_it_runs(self, change, told=1):
        """Make changes, and wait until so much was told of them."""
        asyncio.run(self._while_it_runs(change, told))

    async def _while_it_runs(self, change, told):
        running = asyncio.create_task(self.run.miner.run(LONG))
        while not some_accepted(self.run.miner.snapshot()):
            await turn()
        change(self.tuner)
        while len(self.told) < told:
            await turn()
        await self.tuner.aclose()
        self.run.miner.stop()
        await running

    @property
    def options(self):
        return [choice.options for choice, _ in self.made]


def test_threads_are_set_by_a_new_backend():
    it = Tuned(CPU)
    it.while_it_runs(lambda tuner: tuner.set_threads(3))
    assert it.options == [BackendOptions(threads=3)]
    assert it.told == [("threads of cpu changed: 1", False)]
    assert it.made[0][1].calls[:2] == ["open", "replace"]
    assert it.running[CPU].calls[-1] == "close"


def test_changes_follow_each_other_and_keep_what_was_set_before():
    it = Tuned(CARD, CPU)

    def change(tuner):
        tuner.set_intensity("dedicated")
        tuner.set_threads(2)
        tuner.set_threads(2)
        tuner.set_threads(None)
        tuner.set_intensity("12.5", 0)

    it.while_it_runs(change, told=4)
    assert it.options == [
        BackendOptions(intensity=100.0),
        BackendOptions(threads=2),
        BackendOptions(threads=None),
        BackendOptions(intensity=12.5),
    ]
    assert it.run.warnings() == []


def test_a_device_stands_for_its_backend():
    it = Tuned(CARD, CPU)

    def change(tuner):
        with pytest.raises(RefusedError, match="CPU only"):
            tuner.set_threads(2, 0)
        with pytest.raises(RefusedError, match="OpenCL devices only"):
            tuner.set_intensity("dedicated", 1)
        with pytest.raises(RefusedError, match="no device 2: they are 0 to 1"):
            tuner.set_threads(2, 2)
        tuner.set_threads(2, 1)

    it.while_it_runs(change)
    assert it.options == [BackendOptions(threads=2)]


def test_what_no_backend_could_take_is_refused_at_once():
    it = Tuned(CPU, CARD, BOARD)

    def change(tuner):
        for threads in (0, 5000):
            with pytest.raises(UsageError, match="threads"):
                tuner.set_threads(threads)
        for intensity in ("0", "5000", "much", "nan"):
            with pytest.raises(UsageError, match="intensity"):
                tuner.set_intensity(intensity)

    it.while_it_runs(change, told=0)
    assert it.made == []


def test_boards_have_neither():
    it = Tuned(BOARD)

    def change(tuner):
        for wish in (lambda: tuner.set_threads(2), lambda: tuner.set_intensity("dedicated")):
            with pytest.raises(RefusedError):
                wish()

    it.while_it_runs(change, told=0)


def test_a_backend_that_cannot_be_set_so_goes_on_as_it_was():
    it = Tuned(CPU)
    it.fails = NoDeviceError("no room")
    it.while_it_runs(lambda tuner: tuner.set_threads(3))
    assert it.told == [("threads of cpu not changed: no room", True)]
    assert it.run.miner.backends == (it.running[CPU],)


def test_a_change_that_comes_too_late_is_given_up():
    it = Tuned(CPU)
    it.while_it_runs(lambda tuner: tuner.set_threads(3), told=0)
    assert it.told == []
