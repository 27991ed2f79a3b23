"""What NVIDIA's cards take, as NVML says: those that we mine on, or all of this machine."""

from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from typing import Any

from stampmill.core.backends.opencl import listing
from stampmill.core.backends.opencl.listing import DeviceInfo
from stampmill.core.backends.opencl.nvml import Card, Draw, load_nvml
from stampmill.core.errors import NoDeviceError


class Cards:
    """The OpenCL devices of a run by their labels, looked for once; read from any one thread."""

    def __init__(
        self,
        found: Callable[[], tuple[DeviceInfo, ...]] = listing.devices,
        load: Callable[[], Any] = load_nvml,
    ) -> None:
        self._found = found
        self._load = load
        self._infos: Mapping[str, DeviceInfo] | None = None
        self._cards: dict[str, Card | None] = {}
        self.troubles: dict[str, str] = {}
        """Why a device cannot be read, by label."""

    def read(self, labels: Collection[str]) -> dict[str, Draw]:
        """Return what these devices take, as far as they tell."""
        draws = {}
        for label in labels:
            card = self._card(label)
            if card is None:
                continue
            try:
                draws[label] = card.draw()
            except NoDeviceError as error:
                self._cards[label] = None
                self.troubles[label] = str(error)
        return draws

    def on_cpu(self, label: str) -> bool:
        """Tell whether a device is this machine's CPU."""
        info = self._listed().get(label)
        return info is not None and not info.is_gpu

    def _card(self, label: str) -> Card | None:
        if label not in self._cards:
            self._cards[label] = None
            info = self._listed().get(label)
            if info is None or not info.is_gpu:
                return None
            try:
                self._cards[label] = Card(self._load(), info)
            except NoDeviceError as error:
                self.troubles[label] = str(error)
        return self._cards[label]

    def _listed(self) -> Mapping[str, DeviceInfo]:
        if self._infos is None:
            self._infos = {}
            with suppress(NoDeviceError):
                self._infos = {info.label: info for info in self._found()}
        return self._infos


def read_all(load: Callable[[], Any] = load_nvml) -> dict[str, tuple[float, float]]:
    """Return the counter of joules of every card here that has one."""
    try:
        nvml = load()
    except NoDeviceError:
        return {}
    found = {}
    with suppress(nvml.NVMLError):
        for index in range(nvml.nvmlDeviceGetCount()):
            with suppress(nvml.NVMLError):
                handle = nvml.nvmlDeviceGetHandleByIndex(index)
                joules = nvml.nvmlDeviceGetTotalEnergyConsumption(handle) / 1000
                found[f"gpu{index}"] = (joules, 0.0)
    return found
