"""Every kernel that there is: those that run here, and why the others do not."""

from collections.abc import Callable, Sequence

from stampmill.core.backends import registry
from stampmill.core.backends.info import BackendInfo, KernelInfo
from stampmill.core.errors import NoDeviceError
from stampmill.core.scan import Kernel


def load(
    names: Sequence[str] = (), *, skipped: Callable[[str], None] = lambda _line: None
) -> list[Kernel]:
    """Return the kernels of these names in that order, or all that run here, best first.

    Raise NoDeviceError for a name that does not exist or does not run here; of all, what does not
    run is only reported to `skipped`.
    """
    if names:
        return [registry.load_kernel(name) for name in names]
    return _usable(skipped)


def best() -> Kernel:
    """Return the kernel that mining uses by default; raise NoDeviceError."""
    choice = registry.choose_default()
    return registry.load_kernel(choice.options.kernel or _first_kernel(choice.name))


def _usable(skipped: Callable[[str], None]) -> list[Kernel]:
    kernels = []
    for info in _every_kernel():
        try:
            kernels.append(_loaded(info))
        except NoDeviceError as error:
            skipped(f"{info.name} is left out: {error}")
    return kernels


def _loaded(info: KernelInfo) -> Kernel:
    if info.why_not:
        raise NoDeviceError(info.why_not)
    return registry.load_kernel(info.name)


def _every_kernel() -> list[KernelInfo]:
    return [kernel for backend in registry.describe_all() for kernel in _kernels_of(backend)]


def _kernels_of(backend: BackendInfo) -> Sequence[KernelInfo]:
    """Return a backend's kernels; a backend without a list is its own only one."""
    if backend.kernels and not backend.why_not:
        return backend.kernels
    return [KernelInfo(backend.name, backend.description, backend.why_not)]


def _first_kernel(backend: str) -> str:
    info = next(info for info in registry.describe_all() if info.name == backend)
    return next(kernel.name for kernel in _kernels_of(info) if not kernel.why_not)
