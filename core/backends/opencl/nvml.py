"""What NVIDIA's management library says of a card: its processes, its load, its heat.

The library comes with the driver, its Python module by the extra `gpu` (nvidia-ml-py).
"""

import importlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stampmill.core.backends.opencl.listing import DeviceInfo
from stampmill.core.errors import MissingExtraError, NoDeviceError

_PID_NAMESPACE = Path("/proc/self/ns/pid")
_FIRST_PID_NAMESPACE = "pid:[4026531836]"  # Linux, include/linux/proc_ns.h: PROC_PID_INIT_INO


@dataclass(frozen=True, slots=True)
class Process:
    """A process on the card. `load` is its part of the card's cores, 0 .. 100; None: not known."""

    pid: int
    name: str
    computes: bool
    """Rather than that it draws, as a desktop does all day."""
    load: int | None


@dataclass(frozen=True, slots=True)
class Reading:
    """One look at a card; None is what this card does not tell."""

    others: tuple[Process, ...] | None
    """All processes but ours."""
    load: int | None
    """Of all processes together, 0 .. 100."""
    temperature: float | None
    """Degrees Celsius."""
    power: float | None
    """Watts."""
    free_memory: int | None
    """Bytes."""


@dataclass(frozen=True, slots=True)
class Draw:
    """What a card takes; None is what this card does not tell."""

    joules: float | None
    """Since its driver was loaded."""
    watts: float | None
    temperature: float | None
    """Degrees Celsius."""


def load_nvml() -> Any:
    """Return the module, ready to be asked.

    Raise MissingExtraError without it, NoDeviceError where the driver's library does not work.
    """
    try:
        nvml = importlib.import_module("pynvml")
    except ImportError as error:
        raise MissingExtraError("watching a GPU", "gpu") from error
    try:
        nvml.nvmlInit()
    except nvml.NVMLError as error:
        raise NoDeviceError(f"NVML does not work: {error}") from error
    return nvml


class Card:
    """One card. Raise NoDeviceError for a device that NVML does not know."""

    def __init__(
        self,
        nvml: Any,
        info: DeviceInfo,
        pid: int | None = None,
        sees_processes: bool | None = None,
    ) -> None:
        self._nvml = nvml
        self._pid = os.getpid() if pid is None else pid
        self.sees_processes = has_the_hosts_pids() if sees_processes is None else sees_processes
        """Whether NVML's process numbers, which are the host's, are ours too."""
        self._seen_until = 0
        try:
            self._handle = nvml.nvmlDeviceGetHandleByPciBusId(_bus_id(info.handle))
        except AttributeError as error:
            raise NoDeviceError(f"{info.platform} names no PCI address") from error
        except nvml.NVMLError as error:
            raise NoDeviceError(f"NVML does not know it: {error}") from error

    def read(self) -> Reading:
        """Look at the card; raise NoDeviceError when it is gone."""
        nvml, handle = self._nvml, self._handle
        temperature = self._ask(nvml.nvmlDeviceGetTemperature, nvml.NVML_TEMPERATURE_GPU)
        power = self._ask(nvml.nvmlDeviceGetPowerUsage)
        memory = self._ask(nvml.nvmlDeviceGetMemoryInfo)
        load = self._ask(nvml.nvmlDeviceGetUtilizationRates)
        return Reading(
            tuple(self._others(handle)) if self.sees_processes else None,
            None if load is None else load.gpu,
            None if temperature is None else float(temperature),
            None if power is None else power / 1000,
            None if memory is None else memory.free,
        )

    def draw(self) -> Draw:
        """Look at what the card takes, and nothing else; raise NoDeviceError when it is gone."""
        nvml = self._nvml
        millijoules = self._ask(nvml.nvmlDeviceGetTotalEnergyConsumption)
        milliwatts = self._ask(nvml.nvmlDeviceGetPowerUsage)
        temperature = self._ask(nvml.nvmlDeviceGetTemperature, nvml.NVML_TEMPERATURE_GPU)
        return Draw(
            None if millijoules is None else millijoules / 1000,
            None if milliwatts is None else milliwatts / 1000,
            None if temperature is None else float(temperature),
        )

    def _others(self, handle: Any) -> Iterator[Process]:
        nvml = self._nvml
        loads = self._loads(handle)
        computing = self._ask(nvml.nvmlDeviceGetComputeRunningProcesses) or ()
        drawing = self._ask(nvml.nvmlDeviceGetGraphicsRunningProcesses) or ()
        computes = {each.pid: False for each in drawing} | {each.pid: True for each in computing}
        for pid in computes:
            if pid != self._pid:
                load = None if loads is None else loads.get(pid, 0)
                yield Process(pid, self._name(pid), computes[pid], load)

    def _loads(self, handle: Any) -> dict[int, int] | None:
        """Return each process's highest load since the last look; None where the card has none."""
        nvml = self._nvml
        try:
            samples = nvml.nvmlDeviceGetProcessUtilization(handle, self._seen_until)
        except nvml.NVMLError_NotFound:  # no process did anything
            return {}
        except nvml.NVMLError as error:
            self._refuse_loss(error)
            return None
        loads: dict[int, int] = {}
        for sample in samples:
            self._seen_until = max(self._seen_until, sample.timeStamp)
            loads[sample.pid] = max(loads.get(sample.pid, 0), sample.smUtil)
        return loads

    def _name(self, pid: int) -> str:
        try:
            path: str = self._nvml.nvmlSystemGetProcessName(pid)
        except self._nvml.NVMLError:
            return ""
        return path.rpartition("/")[2]

    def _ask(self, question: Callable[..., Any], *more: Any) -> Any:
        """Return the answer, or None where this card has none."""
        try:
            return question(self._handle, *more)
        except self._nvml.NVMLError as error:
            self._refuse_loss(error)
            return None

    def _refuse_loss(self, error: Exception) -> None:
        gone = self._nvml.NVMLError_GpuIsLost, self._nvml.NVMLError_Uninitialized
        if isinstance(error, gone):
            raise NoDeviceError(f"NVML: {error}") from error


def has_the_hosts_pids(namespace: Path = _PID_NAMESPACE) -> bool:
    """Tell whether a process number means the same here as on the host: in containers not."""
    try:
        return os.readlink(namespace) == _FIRST_PID_NAMESPACE
    except OSError:  # no Linux: no containers of this kind
        return True


def _bus_id(handle: Any) -> str:
    domain = getattr(handle, "pci_domain_id_nv", 0)
    return f"{domain:08x}:{handle.pci_bus_id_nv:02x}:{handle.pci_slot_id_nv >> 3:02x}.0"
