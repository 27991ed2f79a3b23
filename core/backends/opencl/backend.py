"""The backend: each device has two threads, so that a launch waits while another one runs."""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

from stampmill.core.backends.base import Telemetry
from stampmill.core.backends.info import BackendInfo, KernelInfo
from stampmill.core.backends.opencl.device import OpenDevice
from stampmill.core.backends.opencl.gate import Gate
from stampmill.core.backends.opencl.kernel import OpenClKernel
from stampmill.core.backends.opencl.launcher import DeviceLauncher
from stampmill.core.backends.opencl.listing import DeviceInfo, choose, devices, driver
from stampmill.core.backends.opencl.plans import plan_of
from stampmill.core.backends.opencl.watcher import Watcher, watcher_of
from stampmill.core.backends.options import BackendOptions, CpuPriority, GpuManners
from stampmill.core.backends.placement import Placement
from stampmill.core.backends.scanner import ScannerBackend, Seat
from stampmill.core.errors import NoDeviceError, StampmillError, UsageError
from stampmill.core.scan import Kernel
from stampmill.core.selftest import prove
from stampmill.kernels.opencl.code import Shape

NAME = "opencl"
IN_FLIGHT = 2
"""Launches of a device that are queued or run."""
SLOW_SECONDS = 1.0
"""A device that is not ready by then is worth a line."""

_log = logging.getLogger("stampmill.opencl")

Opener = Callable[[DeviceInfo, Gate], Callable[[], OpenClKernel]]
"""Returns what makes a device ready and returns a kernel with a queue of its own."""
Gates = list[tuple[DeviceInfo, Gate]]
Watching = Callable[[Gates, GpuManners, Callable[[str], None]], Watcher]


class OpenClBackend(ScannerBackend):
    """Runs on all devices chosen. One that fails is left, and the others go on.

    At rest it holds nothing of a device.
    """

    independent = True

    def __init__(
        self,
        options: BackendOptions,
        found: Callable[[], tuple[DeviceInfo, ...]] | None = None,
        opener: Opener | None = None,
        watching: Watching = watcher_of,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(NAME, self._no_kernel, options, clock=clock)
        gives_way = options.cpu_priority is CpuPriority.IDLE
        self._list = found or partial(devices, gives_way=gives_way)
        seconds = None if options.intensity is None else options.intensity / 1000
        self._opener = opener or partial(open_device, seconds=seconds)
        self._watching = watching
        self._watcher: Watcher | None = None
        self._gates: Gates = []
        self._kernels: list[OpenClKernel] = []

    async def open(self) -> None:
        """Build the programs, test them, start the threads, and watch the devices."""
        await super().open()
        self._watcher = self._watching(self._gates, self._options.gpu, self._options.tell)
        self._watcher.start()

    def telemetry(self) -> Telemetry:
        """Return the counters, and which devices rest for their watcher's sake."""
        resting = frozenset(info.label for info, gate in self._gates if not gate.is_open)
        return replace(super().telemetry(), resting=resting)

    def idle(self) -> None:
        """Stop working, and free the devices' memory, until the next update or replace."""
        super().idle()
        # Not here: it waits for the launches to end.
        threading.Thread(target=self._let_go, name="stampmill-let-go", daemon=True).start()

    async def close(self) -> None:
        """Stop and free everything; raise BackendError if a thread does not come."""
        if self._watcher is not None:
            self._watcher.stop()
        await super().close()
        self._let_go()

    def _crew(self) -> list[Seat]:
        chosen = choose(self._list(), indices(self._options.kernel or NAME))
        crew: list[Seat] = []
        errors: list[StampmillError] = []
        for device in chosen:
            try:
                with self._told_if_slow(device):
                    crew += self._seats(device)
            except StampmillError as error:
                _log.error("device not used: device=%s error=%s", device.label, error)
                errors.append(error)
        if not crew:
            raise errors[0]
        return crew

    def _seats(self, device: DeviceInfo) -> list[Seat]:
        gate = Gate()
        new_kernel = self._opener(device, gate)
        kernels = [new_kernel() for _ in range(IN_FLIGHT)]
        if self._options.self_test:
            prove(kernels[0])
        self._gates.append((device, gate))
        self._kernels += kernels
        # A scan waits for the launch of the other thread, too.
        step = IN_FLIGHT * kernels[0].launch_seconds
        place = Placement(device.label, None, gives_way=False)
        return [Seat(place, kernel, step) for kernel in kernels]

    @contextmanager
    def _told_if_slow(self, device: DeviceInfo) -> Iterator[None]:
        line = f"building kernels for {device.label} {device.name}; the next start finds them ready"
        timer = threading.Timer(SLOW_SECONDS, self._options.tell, (line,))
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _kernel_name(self, crew: list[Seat]) -> str:
        labels = dict.fromkeys(seat.placement.device for seat in crew)
        return f"{NAME}:{','.join(label.partition(':')[2] for label in labels)}"

    def _let_go(self) -> None:
        for kernel in self._kernels:
            kernel.let_go()

    @staticmethod
    def _no_kernel() -> Kernel:
        raise NotImplementedError


def create(options: BackendOptions) -> OpenClBackend:
    """Return the backend; its devices are found, and their programs built, when it is opened."""
    return OpenClBackend(options)


def describe() -> BackendInfo:
    """Return every device as a kernel; this imports pyopencl."""
    title = "OpenCL devices: GPUs, or a CPU's runtime"
    try:
        found = devices()
    except NoDeviceError as error:
        return BackendInfo(NAME, title, str(error))
    return BackendInfo(NAME, title, kernels=tuple(_described(info) for info in found))


def load_kernel(name: str = NAME) -> Kernel:
    """Return a device's kernel by the device's name; raise NoDeviceError or UsageError."""
    return open_device(choose(devices(), indices(name))[0])()


def indices(name: str) -> tuple[int, ...]:
    """Return which devices `opencl`, `opencl:0` or `opencl:0,2` means; none: choose."""
    text = name.partition(":")[2]
    if not text and name == NAME:
        return ()
    parts = text.split(",")
    if not all(part.isdecimal() for part in parts):
        raise UsageError(f"'{name}' is no OpenCL device: write opencl:0, or opencl:0,1")
    return tuple(map(int, parts))


def open_device(
    info: DeviceInfo,
    gate: Gate | None = None,
    seconds: float | None = None,
    shapes: Mapping[int, Shape] | None = None,
) -> Callable[[], OpenClKernel]:
    """Return what makes a kernel that launches for so many seconds, with a queue of its own.

    The first one builds the device's programs, and raises NoDeviceError if one does not build.
    What is not said is as tuned, or as usual.
    """
    plan = plan_of(info)
    device = OpenDevice(driver(), info, shapes or plan.shapes)

    def new_kernel() -> OpenClKernel:
        launcher = DeviceLauncher(device)
        launcher.take()
        return OpenClKernel(
            launcher, tuple(device.shapes), seconds or plan.seconds, info.label, gate
        )

    return new_kernel


def _described(info: DeviceInfo) -> KernelInfo:
    twin = "" if info.same_as is None else f", the same card as opencl:{info.same_as}"
    text = f"{info.name}, {info.platform} {info.driver}{twin}"
    return KernelInfo(info.label, text, info.why_not)
