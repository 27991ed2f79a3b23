"""The `cpu` backend: the C kernels."""

from stampmill.core import native
from stampmill.core.backends.info import BackendInfo, KernelInfo
from stampmill.core.backends.options import BackendOptions
from stampmill.core.backends.scanner import ScannerBackend


def create(options: BackendOptions) -> ScannerBackend:
    """Return the backend; its kernel is chosen and tested when it is opened."""
    return ScannerBackend("cpu", lambda: load_kernel(options.kernel), options)


def load_kernel(name: str | None = None) -> native.NativeKernel:
    """Return the kernel of this name, or the fastest; raise NoDeviceError or VerificationError."""
    return native.select(name)


def describe() -> BackendInfo:
    """Return every kernel of this build, and what the others lack."""
    kernels = [KernelInfo(k.name, k.description, k.why_not) for k in native.kernels()]
    return BackendInfo(
        "cpu", "C kernels, a thread on each CPU", native.why_unavailable(), tuple(kernels)
    )
