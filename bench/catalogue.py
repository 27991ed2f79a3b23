"""Every kernel that there is: those that run here, and why the others do not."""

from collections.abc import Callable, Sequence

from stampmill.core.backends import registry
from stampmill.core.backends.info import BackendInfo, KernelInfo
from stampmill.core.scan import Kernel


def usable(skipped: Callable[[str], None] = lambda _line: None) -> list[str]:
    """Return the names of all kernels that may run here, best first.

    Each that does not is reported to `skipped`, with the reason.
    """
    names = []
    for info in _every_kernel():
        if info.why_not:
            skipped(f"{info.name} is left out: {info.why_not}")
        else:
            names.append(info.name)
    return names


def best() -> Kernel:
    """Return the kernel that mining uses by default; raise NoDeviceError."""
    choice = registry.choose_default()
    return registry.load_kernel(choice.options.kernel or _first_kernel(choice.name))


def _every_kernel() -> list[KernelInfo]:
    return [kernel for backend in registry.describe_all() for kernel in _kernels_of(backend)]


def _kernels_of(backend: BackendInfo) -> Sequence[KernelInfo]:
    """Return a backend's kernels; a backend without a list is its own only one."""
    if not backend.takes_kernels:
        return ()
    if backend.kernels and not backend.why_not:
        return backend.kernels
    return [KernelInfo(backend.name, backend.description, backend.why_not)]


def _first_kernel(backend: str) -> str:
    info = next(info for info in registry.describe_all() if info.name == backend)
    return next(kernel.name for kernel in _kernels_of(info) if not kernel.why_not)
