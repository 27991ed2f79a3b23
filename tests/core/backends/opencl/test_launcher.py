"""How a launch is queued, waited for and read, told by a driver that only keeps a log."""

import struct
from types import SimpleNamespace

import pytest

from stampmill.core.backends.base import BackendError
from stampmill.core.backends.opencl.device import Built
from stampmill.core.backends.opencl.kernel import Group
from stampmill.core.backends.opencl.launcher import DeviceLauncher
from stampmill.kernels.opencl.code import Shape

from .simulated import DriverError, device

MILLISECOND = 1_000_000


class Driver:
    """Launches take `milliseconds` of a clock that only sleeping moves on."""

    Error = DriverError
    command_queue_properties = SimpleNamespace(PROFILING_ENABLE=2)
    command_execution_status = SimpleNamespace(COMPLETE=0)
    mem_flags = SimpleNamespace(READ_WRITE=1)

    def __init__(self) -> None:
        self.milliseconds, self.clock, self.ready_at = 40, 0.0, 0.0
        self.reads: list[int] = []
        self.naps: list[float] = []
        self.looks = self.buffers = 0
        self.sizes: list[tuple[int, int]] = []
        self.memory = bytes(4 * 2049)
        self.status = 0

    def CommandQueue(self, context, properties):  # noqa: N802  OpenCL's name
        return SimpleNamespace(flush=lambda: None)

    def Buffer(self, context, flags, size):  # noqa: N802
        self.buffers += 1
        return SimpleNamespace(release=self._released)

    def _released(self) -> None:
        self.buffers -= 1

    def Kernel(self, program, name):  # noqa: N802
        return SimpleNamespace(set_args=self._set_args)

    def enqueue_nd_range_kernel(self, queue, kernel, items, group):
        self.sizes.append((items[0], group[0]))
        self.ready_at = self.clock + self.milliseconds / 1000
        return SimpleNamespace(
            profile=SimpleNamespace(start=0, end=self.milliseconds * MILLISECOND)
        )

    def enqueue_copy(self, queue, to, source, is_blocking):
        if to is not None and isinstance(to, bytearray):
            self.reads.append(len(to))
            to[:] = self.memory[: len(to)]
        return self

    @property
    def command_execution_status_now(self) -> int:
        self.looks += 1
        return 1 if self.clock < self.ready_at else self.status

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.clock += seconds

    def wait(self) -> None:
        raise DriverError("clWaitForEvents failed: DEVICE_NOT_AVAILABLE")

    def _set_args(self, *args) -> None:
        self.args = args


class Copied(Driver):
    """A copy's event is asked for its own status."""

    def enqueue_copy(self, queue, to, source, is_blocking):
        super().enqueue_copy(queue, to, source, is_blocking)
        return _Event(self)


class _Event:
    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self.wait = driver.wait

    @property
    def command_execution_status(self) -> int:
        return self._driver.command_execution_status_now


@pytest.fixture
def driver() -> Copied:
    return Copied()


class Opened:
    """An open device of this driver, which counts who has it."""

    def __init__(self, driver: Driver, shape: Shape) -> None:
        self.cl, self.info, self.users = driver, device(), 0
        self._built = Built("context", {1: (shape, None)})

    def take(self) -> Built:
        self.users += 1
        return self._built

    def give_back(self) -> None:
        self.users -= 1


def launcher_of(driver: Driver, shape: Shape) -> DeviceLauncher:
    return DeviceLauncher(Opened(driver, shape), driver.sleep)


GROUPS = (Group(1, 0, b"words"),)


def test_four_bytes_are_read_where_there_is_no_hit(driver: Copied) -> None:
    found = launcher_of(driver, Shape()).run(GROUPS, 0, 999)
    assert (found.total, found.hits, found.seconds) == (0, [], 0.04)
    assert driver.reads == [4]


def test_hits_are_read_with_the_counter_and_no_more_than_there_are(driver: Copied) -> None:
    driver.memory = struct.pack("<5I", 2, 77, 0, 88, 1) + bytes(4 * 2044)
    found = launcher_of(driver, Shape()).run(GROUPS, 0, 999)
    assert (found.total, found.hits) == (2, [(77, 0), (88, 1)])
    assert driver.reads == [4, 20]


def test_more_hits_than_slots_are_told_by_the_number(driver: Copied) -> None:
    driver.memory = struct.pack("<I", 5000) + bytes(4 * 2048)
    found = launcher_of(driver, Shape()).run(GROUPS, 0, 999)
    assert (found.total, len(found.hits)) == (5000, 1024)


def test_the_host_sleeps_while_the_device_works(driver: Copied) -> None:
    launcher = launcher_of(driver, Shape())
    launcher.run(GROUPS, 0, 999)
    driver.naps.clear()
    driver.looks = 0
    launcher.run(GROUPS, 0, 999)
    assert driver.naps[0] == pytest.approx(0.9 * 0.04)
    assert driver.looks <= 6
    assert sum(driver.naps) < 0.042


def test_the_host_does_not_oversleep_when_versions_become_fewer(driver: Copied) -> None:
    launcher = launcher_of(driver, Shape())
    launcher.run(GROUPS * 4, 0, 999)  # four times 40 ms, of four programs
    driver.naps.clear()
    launcher.run(GROUPS, 0, 999)
    assert driver.naps[0] == pytest.approx(0.9 * 0.04)


def test_a_device_that_fails_is_named(driver: Copied) -> None:
    driver.status = -5
    with pytest.raises(BackendError, match="opencl:0 card 0: .*DEVICE_NOT_AVAILABLE"):
        launcher_of(driver, Shape()).run(GROUPS, 0, 999)


@pytest.mark.parametrize("nonces", [1, 255, 256, 257, 100_000, 1 << 31])
@pytest.mark.parametrize("shape", [Shape(), Shape(16, group=8), Shape(4, group=64)], ids=str)
def test_a_launch_covers_its_range_with_little_beyond(
    driver: Copied, shape: Shape, nonces: int
) -> None:
    launcher_of(driver, shape).run(GROUPS, 7, 7 + nonces - 1)
    ((items, group),) = driver.sizes
    first, last, rounds = (int.from_bytes(arg, "little") for arg in driver.args[1:4])
    assert (first, last, group) == (7, 6 + nonces, shape.group)
    assert items % group == 0
    covered = items * shape.width * rounds
    assert nonces <= covered < 1 << 32
    assert covered - nonces < shape.width * group * max(rounds, 1)
