"""Where a device's kernels are tried: proven first, then timed."""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

from stampmill.bench import gate
from stampmill.core.backends.opencl.backend import IN_FLIGHT, open_device
from stampmill.core.backends.opencl.listing import DeviceInfo
from stampmill.core.backends.opencl.plans import LAUNCH_SECONDS
from stampmill.core.scan import CancelWord, Kernel, ScanRequest
from stampmill.kernels.opencl.code import Shape

_REPEATS = 3
"""The best of them counts: what else the machine does only makes one slower."""
_NO_TARGET = 0
"""Nothing is found: the gate has seen that all is."""
_FIRST_NONCES = 1 << 16

Clock = Callable[[], float]


class Stand:
    """Tries kernels on one device. Rates are hashes per second."""

    def __init__(self, info: DeviceInfo, clock: Clock = time.perf_counter) -> None:
        self.info = info
        self._clock = clock

    def rate(self, shapes: Mapping[int, Shape], versions: int, seconds: float) -> float:
        """Build the shapes, prove them, and time scans under so many versions for about so long.

        Raise NoDeviceError if one does not build, VerificationError if one is wrong, BackendError
        if the device breaks.
        """
        kernel = open_device(self.info, seconds=LAUNCH_SECONDS, shapes=shapes)()
        try:
            gate.check(kernel, sorted(shapes))
            rate, nonces = 0.0, _FIRST_NONCES
            for _ in range(_REPEATS + 1):
                rate = max(rate, self._timed(kernel, versions, nonces))
                nonces = _nonces(rate, versions, seconds / _REPEATS)
            return rate
        finally:
            kernel.let_go()

    def rate_of_launches(
        self, shapes: Mapping[int, Shape], milliseconds: float, seconds: float
    ) -> float:
        """Time launches of such a length as mining has them: two in flight."""
        versions = max(shapes)
        new_kernel = open_device(self.info, seconds=milliseconds / 1000, shapes=shapes)
        kernels = [new_kernel() for _ in range(IN_FLIGHT)]
        try:
            nonces = _nonces(self._timed(kernels[0], versions, _FIRST_NONCES), versions, seconds)
            with ThreadPoolExecutor(IN_FLIGHT) as threads:
                begun = self._clock()
                parts = [threads.submit(_scan, each, versions, nonces) for each in kernels]
                for part in parts:
                    part.result()
                return IN_FLIGHT * nonces * versions / (self._clock() - begun)
        finally:
            for kernel in kernels:
                kernel.let_go()

    def _timed(self, kernel: Kernel, versions: int, nonces: int) -> float:
        begun = self._clock()
        _scan(kernel, versions, nonces)
        return nonces * versions / (self._clock() - begun)


def _scan(kernel: Kernel, versions: int, nonces: int) -> None:
    request = ScanRequest(gate.PREFIX, gate.versions(versions), 0, nonces, _NO_TARGET)
    kernel.scan(request, CancelWord())


def _nonces(rate: float, versions: int, seconds: float) -> int:
    return int(min(max(rate * seconds / versions, _FIRST_NONCES), 1 << 32))
