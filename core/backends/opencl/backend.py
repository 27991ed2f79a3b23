"""The backend: each device has two threads, so that a launch waits while another one runs."""

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from stampmill.core.backends.info import BackendInfo, KernelInfo
from stampmill.core.backends.opencl.kernel import OpenClKernel
from stampmill.core.backends.opencl.launcher import DeviceLauncher
from stampmill.core.backends.opencl.listing import DeviceInfo, choose, devices, driver
from stampmill.core.backends.opencl.programs import build, cache_folder, has_cache_of_its_own
from stampmill.core.backends.opencl.shapes import shapes_of
from stampmill.core.backends.options import BackendOptions
from stampmill.core.backends.placement import Placement
from stampmill.core.backends.scanner import ScannerBackend, Seat
from stampmill.core.errors import NoDeviceError, StampmillError, UsageError
from stampmill.core.scan import Kernel
from stampmill.core.selftest import prove
from stampmill.kernels.opencl.code import Shape

NAME = "opencl"
IN_FLIGHT = 2
"""Launches of a device that are queued or run."""

_log = logging.getLogger("stampmill.opencl")

Opener = Callable[[DeviceInfo], Callable[[], Kernel]]
"""Makes a device ready; what it returns makes a kernel with a queue of its own."""


class OpenClBackend(ScannerBackend):
    """Runs on all devices chosen. One that fails is left, and the others go on."""

    independent = True

    def __init__(
        self,
        options: BackendOptions,
        found: Callable[[], tuple[DeviceInfo, ...]] = devices,
        opener: Opener | None = None,
    ) -> None:
        super().__init__(NAME, self._no_kernel, options)
        self._list = found
        self._opener = opener or partial(open_device, seconds=options.intensity / 1000)

    def _crew(self) -> list[Seat]:
        chosen = choose(self._list(), indices(self._options.kernel or NAME))
        crew: list[Seat] = []
        errors: list[StampmillError] = []
        for device in chosen:
            try:
                crew += self._seats(device)
            except StampmillError as error:
                _log.error("device not used: device=%s error=%s", device.label, error)
                errors.append(error)
        if not crew:
            raise errors[0]
        return crew

    def _seats(self, device: DeviceInfo) -> Iterator[Seat]:
        new_kernel = self._opener(device)
        kernels = [new_kernel() for _ in range(IN_FLIGHT)]
        if self._options.self_test:
            prove(kernels[0])
        # A scan waits for the launch of the other thread, too.
        step = IN_FLIGHT * self._options.intensity / 1000
        place = Placement(device.label, None, gives_way=False)
        return (Seat(place, kernel, step) for kernel in kernels)

    def _kernel_name(self, crew: list[Seat]) -> str:
        labels = dict.fromkeys(seat.placement.device for seat in crew)
        return f"{NAME}:{','.join(label.partition(':')[2] for label in labels)}"

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
    device = choose(devices(), indices(name))[0]
    return open_device(device, BackendOptions().intensity / 1000)()


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
    device: DeviceInfo, seconds: float, shapes: Mapping[int, Shape] | None = None
) -> Callable[[], OpenClKernel]:
    """Build a device's programs; return what makes a kernel that launches for so many seconds.

    Raise NoDeviceError if one does not build.
    """
    cl = driver()
    # PoCL keeps what it compiled: asked for a binary, it would compile everything once more.
    cache = None if has_cache_of_its_own(device) else cache_folder()
    shapes = shapes or shapes_of(device)
    try:
        context = cl.Context([device.handle])
    except cl.Error as error:
        raise NoDeviceError(f"{device.label} {device.name}: {error}") from error
    programs = {
        versions: _built(cl, context, device, shape, cache) for versions, shape in shapes.items()
    }
    return lambda: _kernel(cl, context, device, programs, seconds)


def _built(
    cl: Any, context: Any, device: DeviceInfo, shape: Shape, cache: Path | None
) -> tuple[Shape, Any]:
    """Build a program, without inline PTX if the driver will not have that."""
    try:
        return shape, build(cl, context, device, shape, cache)
    except NoDeviceError as error:
        if not shape.multiply_to_add:
            raise
        _log.warning("built without inline PTX: device=%s error=%s", device.label, error)
    return _built(cl, context, device, replace(shape, multiply_to_add=False), cache)


def _kernel(
    cl: Any,
    context: Any,
    device: DeviceInfo,
    programs: Mapping[int, tuple[Shape, Any]],
    seconds: float,
) -> OpenClKernel:
    launcher = DeviceLauncher(cl, context, device, programs)
    return OpenClKernel(launcher, tuple(programs), seconds, device.label)


def _described(info: DeviceInfo) -> KernelInfo:
    twin = "" if info.same_as is None else f", the same card as opencl:{info.same_as}"
    text = f"{info.name}, {info.platform} {info.driver}{twin}"
    return KernelInfo(info.label, text, info.why_not)
