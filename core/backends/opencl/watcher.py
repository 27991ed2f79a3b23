"""A thread that looks at the GPUs once a second, and opens and closes their gates."""

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from stampmill.core.backends.opencl.gate import Gate
from stampmill.core.backends.opencl.judge import Judge
from stampmill.core.backends.opencl.listing import DeviceInfo
from stampmill.core.backends.opencl.nvml import Card, Reading, load_nvml
from stampmill.core.backends.options import GpuManners
from stampmill.core.errors import NoDeviceError

LOOK_SECONDS = 1.0

Tell = Callable[[str], None]


class Readable(Protocol):
    """A card, or what stands for one."""

    def read(self) -> Reading:
        """Look at it; raise NoDeviceError when it is gone."""


@dataclass(slots=True)
class Watched:
    """A device with its card, its judge and its gate; `why` is what it rests for."""

    label: str
    card: Readable
    judge: Judge
    gate: Gate
    why: str = ""


class Watcher:
    """Watches until stopped. A device that can no longer be looked at works on."""

    def __init__(
        self, devices: list[Watched], tell: Tell, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._devices = devices
        self._tell = tell
        self._clock = clock
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="stampmill-gpu-watcher", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more; the gates stay as they are."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def look(self) -> None:
        """Look at every device once."""
        for device in tuple(self._devices):
            try:
                why = device.judge.why_rest(device.card.read(), self._clock())
            except NoDeviceError as error:
                self._devices.remove(device)
                self._tell(f"{device.label} is watched no more: {error}")
                why = ""
            self._act(device, why)

    def _run(self) -> None:
        while self._devices and not self._stop.is_set():
            self.look()
            self._stop.wait(LOOK_SECONDS)

    def _act(self, device: Watched, why: str) -> None:
        if why and not device.why:
            device.gate.close()
            self._tell(f"{device.label} rests: {why}")
        elif device.why and not why:
            device.gate.open()
            self._tell(f"{device.label} works again")
        device.why = why


def watcher_of(
    gates: Iterable[tuple[DeviceInfo, Gate]],
    manners: GpuManners,
    tell: Tell,
    load: Callable[[], Any] = load_nvml,
) -> Watcher:
    """Return what watches these devices, as far as they can be; a line tells of each that cannot.

    Of a device that is no GPU nothing is told, unless a limit was asked for.
    """
    limited = manners.temperature_limit is not None or manners.power_limit is not None
    if not (manners.polite or limited):
        return Watcher([], tell)
    nvml: Any = None
    watched = []
    for info, gate in gates:
        try:
            if "nvidia" not in info.platform.lower():
                raise NoDeviceError("NVML knows NVIDIA's devices only")  # noqa: TRY301
            nvml = nvml or load()
            card = Card(nvml, info)
        except NoDeviceError as error:
            if info.is_gpu or limited:
                tell(f"{info.label} is not watched: {error}")
            continue
        if manners.polite and not card.sees_processes:
            tell(f"{info.label}: in a container other processes cannot be told from this one")
        watched.append(Watched(info.label, card, Judge(manners), gate))
    return Watcher(watched, tell)
