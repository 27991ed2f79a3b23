"""From a kernel's name to the kernel, in the process that is to run it."""

import importlib
import os
import platform
import sys
from dataclasses import dataclass
from pathlib import Path

from stampmill.bench.candidates import elf
from stampmill.bench.candidates.function import FunctionKernel
from stampmill.bench.candidates.spec import Kind, Spec
from stampmill.core import native
from stampmill.core.backends import registry
from stampmill.core.backends.opencl import listing
from stampmill.core.backends.opencl.listing import DeviceInfo
from stampmill.core.errors import NoDeviceError, StampmillError, VerificationError
from stampmill.core.scan import Kernel


@dataclass(frozen=True, slots=True)
class Loaded:
    """A kernel, and the OpenCL device that it works on, if it does."""

    kernel: Kernel
    device: DeviceInfo | None = None

    @property
    def on_gpu(self) -> bool:
        """Tell whether a GPU does the work."""
        return self.device is not None and self.device.is_gpu

    @property
    def by_clock(self) -> bool:
        """Tell whether only the clock can time it: no thread of this process does the work."""
        return self.device is not None and not self.device.is_cpu


def load(spec: Spec) -> Loaded:
    """Return the kernel; raise NoDeviceError, UsageError or VerificationError."""
    if spec.kind is Kind.LIBRARY:
        return Loaded(_library(spec.target))
    if spec.kind is Kind.FUNCTION:
        return Loaded(_function(spec.target))
    if spec.kind is Kind.OPENCL_FILE:
        return _opencl_file(spec)
    device = _device(spec.target) if spec.target.startswith("opencl") else None
    return Loaded(registry.load_kernel(spec.target), device)


def _library(path: str) -> Kernel:
    why_not = why_not_here(Path(path).read_bytes())
    if why_not:
        raise NoDeviceError(f"kernel {path}: {why_not}")
    return native.load(path)


def why_not_here(data: bytes) -> str:
    """Return why a shared object cannot run on this machine, or an empty text.

    The loader would only say that there is no such file.
    """
    if sys.platform != "linux":
        return ""
    if not elf.is_elf(data) or len(data) < 64:
        return "this is no shared object (ELF)"
    here = platform.machine()
    if elf.machine(data) != here:
        return f"built for {elf.machine(data)}, and this machine is {here}: build it here"
    own_bits = 64 if sys.maxsize > 1 << 32 else 32
    if elf.bits(data) != own_bits:
        return f"built for {elf.bits(data)} bits, and this Python has {own_bits}"
    return ""


def _function(target: str) -> Kernel:
    """Import it, from the working directory as well."""
    module, _, name = target.partition(":")
    sys.path.append(os.getcwd())
    try:
        found = getattr(importlib.import_module(module), name)
    except StampmillError:
        raise
    except Exception as error:  # the module may do anything
        raise NoDeviceError(f"no kernel {target}: {type(error).__name__}: {error}") from error
    if isinstance(found, type):
        found = found()
    if hasattr(found, "scan"):
        return _checked(found, target)
    if not callable(found):
        raise NoDeviceError(f"no kernel {target}: it is a {type(found).__name__}, no function")
    return FunctionKernel(target, found)


def _checked(kernel: Kernel, target: str) -> Kernel:
    missing = [
        name for name in ("name", "description", "lanes", "max_versions")
        if not hasattr(kernel, name)
    ]  # fmt: skip
    if missing:
        raise NoDeviceError(f"kernel {target} has no '{missing[0]}'")
    if kernel.lanes < 1 or not 1 <= kernel.max_versions <= 16:
        raise VerificationError(f"kernel {target}: lanes from 1 and max_versions from 1 to 16")
    return kernel


def _opencl_file(spec: Spec) -> Loaded:
    opencl_file = importlib.import_module("stampmill.bench.candidates.opencl_file")
    info = _device(spec.device)
    return Loaded(opencl_file.OpenClFileKernel(Path(spec.target), info), info)


def _device(name: str) -> DeviceInfo:
    backend = importlib.import_module("stampmill.core.backends.opencl.backend")
    chosen: DeviceInfo = listing.choose(listing.devices(), backend.indices(name))[0]
    return chosen
