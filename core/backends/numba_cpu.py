"""The `numba` backend: the CPU's vector instructions without a C compiler."""

import importlib
from pathlib import Path
from typing import Any

from stampmill.core.backends.hits import is_hit, result_of_batch
from stampmill.core.backends.info import BackendInfo, KernelInfo
from stampmill.core.backends.kept import cache_folder, read, write
from stampmill.core.backends.options import BackendOptions
from stampmill.core.backends.scanner import ScannerBackend
from stampmill.core.errors import MissingExtraError, NoDeviceError
from stampmill.core.scan import CancelWord, ScanRequest, ScanResult, ScanStatus


class NumbaKernel:
    """Compiled when made, or read from this folder; several threads may share it.

    Raise NoDeviceError where it has to be compiled and Numba is not there or does not work.
    """

    name = "numba"
    description = "LLVM vectors compiled on this machine, as wide as its own"
    max_versions = 16

    def __init__(self, folder: Path | None, lanes: int | None = None) -> None:
        self._code = _import("program")
        row = _import("host").host_set(lanes)
        source = self._code.emitted(row)
        self._program = self._code.Program(source, _machine_code(source, folder))
        self.lanes: int = row.lanes
        self.instruction_set: str = row.name

    def scan(self, request: ScanRequest, cancel: CancelWord) -> ScanResult:
        """Search the range; see `stampmill.core.scan`."""
        code, program = self._code, self._program
        memory = program.prepared(request.prefix, request.versions, request.target)
        masks, first = code.room(len(request.versions)), request.first
        while True:
            why, nonce = program.search(memory, masks, first, request.end, cancel.memory)
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
    """Return the one kernel; unless it was compiled before, this imports Numba, to see it work."""
    why_not = _why_unavailable()
    kernel = KernelInfo(NumbaKernel.name, NumbaKernel.description, why_not)
    return BackendInfo("numba", "Numba's compiler, a thread on each CPU", why_not, (kernel,))


def load_kernel(_name: str | None = None) -> NumbaKernel:
    """Return the kernel, from the cache or compiled; raise NoDeviceError as it does."""
    return NumbaKernel(cache_folder())


def _machine_code(source: Any, folder: Path | None) -> bytes:
    file = _file(source, folder) if folder else None
    if file and (kept := read(file)):
        return kept
    binary: bytes = _import("numba_search").compiled(source)
    if file:
        write(file, binary)
    return binary


def _file(source: Any, folder: Path) -> Path:
    return folder / f"numba-{source.key}.o"


def _why_unavailable() -> str:
    try:
        source = _import("program").emitted(_import("host").host_set())
        if not _file(source, cache_folder()).exists():
            _import("numba_search")
    except NoDeviceError as error:
        return str(error)
    return ""


def _import(name: str) -> Any:
    try:
        return importlib.import_module(f"stampmill.kernels.llvm.{name}")
    except ModuleNotFoundError as error:
        raise MissingExtraError("the Numba backend", "numba") from error
    except ImportError as error:  # Numba refuses a NumPy newer than it knows
        raise NoDeviceError(f"the Numba backend does not work as installed: {error}") from error
