"""The `numba` backend: the CPU's vector instructions without a C compiler."""

import importlib
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stampmill.core.backends.hits import is_hit, result_of_batch
from stampmill.core.backends.info import BackendInfo, KernelInfo
from stampmill.core.backends.options import BackendOptions
from stampmill.core.backends.scanner import ScannerBackend
from stampmill.core.errors import MissingExtraError, NoDeviceError
from stampmill.core.scan import CancelWord, ScanRequest, ScanResult, ScanStatus

_log = logging.getLogger("stampmill.backends")


class NumbaKernel:
    """Compiled when made, or read from the cache; several threads may share it."""

    name = "numba"
    description = "LLVM vectors compiled on this machine, as wide as its own"
    max_versions = 16

    def __init__(self, cache_dir: Path | None, lanes: int | None = None) -> None:
        self._code, host = (
            _import_code(),
            importlib.import_module("stampmill.kernels.llvm.numba_host"),
        )
        row = host.host_set(lanes)
        self._program = self._code.compiled(row, cache_dir)
        self.lanes: int = row.lanes
        self.instruction_set: str = row.name

    def scan(self, request: ScanRequest, cancel: CancelWord) -> ScanResult:
        """Search the range; see `stampmill.core.scan`."""
        code, program = self._code, self._program
        memory = program.prepared(request.prefix, request.versions, request.target)
        masks, watched = code.room(len(request.versions)), code.watched(cancel.memory)
        first = request.first
        while True:
            why, nonce = program.search(memory, masks, self.lanes, first, request.end, watched)
            if why == code.DONE:
                return ScanResult(ScanStatus.DONE, (), request.end, 0)
            if why == code.CANCELLED:
                skipped = request.first_version if nonce == request.first else 0
                return ScanResult(ScanStatus.CANCELLED, (), nonce, skipped)
            first = min(nonce + self.lanes, request.end)
            if found := self._hits(request, nonce, masks.tolist()):
                return result_of_batch(request, found, first)

    def _hits(self, request: ScanRequest, first: int, masks: list[int]) -> list[tuple[int, int]]:
        """Return the candidates of a batch that lie in the range and meet the whole target."""
        start = request.first, request.first_version
        return [
            (nonce, index)
            for nonce in range(first, min(first + self.lanes, request.end))
            for index, mask in enumerate(masks)
            if mask >> nonce - first & 1
            and start <= (nonce, index)
            and is_hit(request, nonce, index)
        ]


def create(options: BackendOptions) -> ScannerBackend:
    """Return the backend; it compiles when it is opened."""
    return ScannerBackend("numba", load_kernel, options)


def describe() -> BackendInfo:
    """Return the one kernel; this imports Numba, to see whether it really can be used."""
    why_not = _why_unavailable()
    kernel = KernelInfo(NumbaKernel.name, NumbaKernel.description, why_not)
    return BackendInfo("numba", "Numba's compiler, a thread on each CPU", why_not, (kernel,))


def load_kernel(_name: str | None = None) -> NumbaKernel:
    """Return the kernel, compiled; raise NoDeviceError without Numba, naming the extra."""
    _import_code()
    try:
        return NumbaKernel(usable_cache_dir(os.environ))
    except Exception as error:  # a full disk or a torn file: Numba lets any of their errors out
        _log.warning("kernel not cached: error=%r", error)
        return NumbaKernel(None)


def usable_cache_dir(environ: Mapping[str, str]) -> Path | None:
    """Return the user's cache directory, made if need be, or None where it cannot be written."""
    cache = Path(environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "stampmill"
    try:
        cache.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        _log.warning("kernel not cached: directory=%s error=%s", cache, error)
        return None
    return cache if os.access(cache, os.W_OK | os.X_OK) else None


def _why_unavailable() -> str:
    try:
        _import_code()
    except NoDeviceError as error:
        return str(error)
    return ""


def _import_code() -> Any:
    try:
        return importlib.import_module("stampmill.kernels.llvm.numba_scan")
    except ModuleNotFoundError as error:
        raise MissingExtraError("the Numba backend", "numba") from error
    except ImportError as error:  # Numba refuses a NumPy newer than it knows
        raise NoDeviceError(f"the Numba backend does not work as installed: {error}") from error
