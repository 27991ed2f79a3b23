"""NVIDIA's management library as its Python module shows it, without a card.

The names, arguments and error classes are those of nvidia-ml-py; a test compares them.
"""

from types import SimpleNamespace


class NVMLError(Exception):
    pass


class NVMLError_NotSupported(NVMLError):  # noqa: N801, N818
    pass


class NVMLError_NotFound(NVMLError):  # noqa: N801, N818
    pass


class NVMLError_GpuIsLost(NVMLError):  # noqa: N801, N818
    pass


class NVMLError_Uninitialized(NVMLError):  # noqa: N801, N818
    pass


class NVMLError_LibraryNotFound(NVMLError):  # noqa: N801, N818
    pass


class FakeNvml:
    """One card at PCI address 3:0; a test sets what it says, or which question it refuses."""

    NVML_TEMPERATURE_GPU = 0
    NVMLError = NVMLError
    NVMLError_NotSupported = NVMLError_NotSupported
    NVMLError_NotFound = NVMLError_NotFound
    NVMLError_GpuIsLost = NVMLError_GpuIsLost
    NVMLError_Uninitialized = NVMLError_Uninitialized
    NVMLError_LibraryNotFound = NVMLError_LibraryNotFound

    def __init__(self) -> None:
        self.works = True
        self.lost = False
        self.refused: set[str] = set()
        self.computing: dict[int, str] = {}
        self.drawing: dict[int, str] = {}
        self.samples: list[tuple[int, int, int]] = []  # pid, load, time in microseconds
        self.load, self.temperature, self.milliwatts = 0, 40, 50_000
        self.free = 8 << 30
        self.millijoules = 1_000_000

    def nvmlInit(self) -> None:  # noqa: N802
        if not self.works:
            raise NVMLError_LibraryNotFound("NVML Shared Library Not Found")

    def nvmlDeviceGetCount(self) -> int:  # noqa: N802
        return 1

    def nvmlDeviceGetHandleByIndex(self, index: int) -> str:  # noqa: N802
        return "handle"

    def nvmlDeviceGetHandleByPciBusId(self, pciBusId: str) -> str:  # noqa: N802, N803
        if pciBusId != "00000000:03:00.0":
            raise NVMLError_NotFound("Not Found")
        return "handle"

    def nvmlDeviceGetTemperature(self, handle: str, sensor: int) -> int:  # noqa: N802
        self._asked("temperature")
        assert sensor == self.NVML_TEMPERATURE_GPU
        return self.temperature

    def nvmlDeviceGetPowerUsage(self, handle: str) -> int:  # noqa: N802
        self._asked("power")
        return self.milliwatts

    def nvmlDeviceGetTotalEnergyConsumption(self, handle: str) -> int:  # noqa: N802
        self._asked("energy")
        return self.millijoules

    def nvmlDeviceGetMemoryInfo(self, handle: str) -> SimpleNamespace:  # noqa: N802
        self._asked("memory")
        return SimpleNamespace(total=16 << 30, free=self.free, used=(16 << 30) - self.free)

    def nvmlDeviceGetUtilizationRates(self, handle: str) -> SimpleNamespace:  # noqa: N802
        self._asked("load")
        return SimpleNamespace(gpu=self.load, memory=0)

    def nvmlDeviceGetComputeRunningProcesses(self, handle: str) -> list:  # noqa: N802
        self._asked("processes")
        return [SimpleNamespace(pid=pid, usedGpuMemory=None) for pid in self.computing]

    def nvmlDeviceGetGraphicsRunningProcesses(self, handle: str) -> list:  # noqa: N802
        self._asked("processes")
        return [SimpleNamespace(pid=pid, usedGpuMemory=None) for pid in self.drawing]

    def nvmlDeviceGetProcessUtilization(  # noqa: N802
        self,
        handle: str,
        timeStamp: int,  # noqa: N803
    ) -> list:
        self._asked("loads")
        new = [each for each in self.samples if each[2] > timeStamp]
        if not new:
            raise NVMLError_NotFound("Not Found")
        return [SimpleNamespace(pid=pid, smUtil=load, timeStamp=at) for pid, load, at in new]

    def nvmlSystemGetProcessName(self, pid: int) -> str:  # noqa: N802
        self._asked("names")
        return (self.computing | self.drawing)[pid]

    def _asked(self, question: str) -> None:
        if self.lost:
            raise NVMLError_GpuIsLost("GPU is lost")
        if question in self.refused:
            raise NVMLError_NotSupported("Not Supported")
