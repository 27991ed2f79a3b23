"""The table of backends and their kernels: imported only when asked for, open to plug-ins.

A distribution adds a backend by an entry point in the group `stampmill.backends`, a callable that
takes BackendOptions and returns a Backend; and a kernel by one in `stampmill.kernels`, a callable
that takes nothing and returns a Kernel. Such a kernel is a backend of its own name, with our
threads around it.
"""

import importlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from stampmill.core import native
from stampmill.core.backends.base import Backend
from stampmill.core.backends.info import BackendInfo
from stampmill.core.backends.options import BackendOptions
from stampmill.core.errors import NoDeviceError, UsageError, VerificationError
from stampmill.core.scan import Kernel

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

BACKENDS_GROUP = "stampmill.backends"
KERNELS_GROUP = "stampmill.kernels"

# Best first. Each module has `create`, `describe` and, called with a name, `load_kernel`; the
# kernels of all but `cpu` are one, called like the backend.
_MODULES = {
    "cpu": "stampmill.core.backends.cpu",
    "numba": "stampmill.core.backends.numba_cpu",
    "opencl": "stampmill.core.backends.opencl.backend",
    "reference": "stampmill.core.backends.reference",
    "asic": "stampmill.core.backends.asic.entry",
}


@dataclass(frozen=True, slots=True)
class Choice:
    """The backend to create, with its options, and why each better one was passed over."""

    name: str
    options: BackendOptions
    passed_over: tuple[str, ...] = ()


def names() -> tuple[str, ...]:
    """Return the names of all backends, best first, plug-ins last."""
    return tuple(dict.fromkeys((*_MODULES, *_plugins(BACKENDS_GROUP), *_plugins(KERNELS_GROUP))))


def create(name: str, options: BackendOptions | None = None) -> Backend:
    """Return a backend, not yet open.

    Raise NoDeviceError for an unknown one, UsageError for a kernel that is another backend's.
    """
    options = options or BackendOptions()
    factory = _factory(name)
    if options.kernel and (owner := _owner(options.kernel)) != name:
        raise UsageError(f"kernel '{options.kernel}' is one of backend {owner}, not of {name}")
    backend: Backend = factory(options)
    return backend


def choose_default(
    options: BackendOptions | None = None, environ: Mapping[str, str] = os.environ
) -> Choice:
    """Return the backend of the kernel asked for, or the best that works here.

    The options ask for a kernel, or else STAMPMILL_KERNEL. Raise NoDeviceError for an unknown one.
    """
    options = options or BackendOptions()
    if kernel := options.kernel or environ.get(native.KERNEL_VARIABLE):
        return Choice(_owner(kernel), replace(options, kernel=kernel))
    passed_over: list[str] = []
    for name in _MODULES:
        why_not = _why_not(name)
        if not why_not:
            return Choice(name, options, tuple(passed_over))
        passed_over.append(f"backend {name} is not used: {why_not}")
    raise NoDeviceError("; ".join(passed_over))


def describe_all() -> tuple[BackendInfo, ...]:
    """Return all backends with their kernels, usable or not; compiles Numba's if none is kept."""
    plugins = {**_plugins(KERNELS_GROUP), **_plugins(BACKENDS_GROUP)}
    foreign = [
        BackendInfo(name, f"plug-in {plugins[name].value}")
        for name in names()
        if name not in _MODULES
    ]
    return *map(_describe, _MODULES), *foreign


def load_kernel(name: str) -> Kernel:
    """Return the kernel of any backend that has this one; raise NoDeviceError if none has."""
    owner = _owner(name)
    kernel: Kernel = (
        _module(owner).load_kernel(name)
        if owner in _MODULES
        else _loaded(_plugins(KERNELS_GROUP)[name])()
    )
    return kernel


def _factory(name: str) -> Callable[[BackendOptions], Any]:
    if name in _MODULES:
        factory: Callable[[BackendOptions], Any] = _module(name).create
        return factory
    if plugin := _plugins(BACKENDS_GROUP).get(name):
        return _loaded(plugin)
    if _plugins(KERNELS_GROUP).get(name):
        return lambda options: _scanner(name, options)
    raise NoDeviceError(f"no backend '{name}'; there are {', '.join(names())}")


def _scanner(name: str, options: BackendOptions) -> Backend:
    """Return the backend that our threads make of a foreign kernel."""
    scanner = importlib.import_module("stampmill.core.backends.scanner")
    # Nobody knows whether it lets go of the interpreter.
    backend: Backend = scanner.ScannerBackend(
        name, lambda: load_kernel(name), options, give_way=False
    )
    return backend


def _owner(kernel: str) -> str:
    """Return the backend that a kernel belongs to."""
    native_names = [info.name for info in native.kernels()]
    if kernel in native_names or "/" in kernel:  # a shared object of somebody else's
        return "cpu"
    others = [name for name in (*_MODULES, *_plugins(KERNELS_GROUP)) if name != "cpu"]
    if kernel in others:
        return kernel
    if kernel.startswith("opencl:"):  # its kernels are named by their devices
        return "opencl"
    raise NoDeviceError(
        f"no kernel '{kernel}'; there are {', '.join(dict.fromkeys(native_names + others))}"
    )


def _why_not(name: str) -> str:
    """Return what keeps a backend from working: for C kernels that includes a failed self-test."""
    why_not = _describe(name).why_not
    if name == "cpu" and not why_not:
        try:
            native.select(environ={})
        except (NoDeviceError, VerificationError) as error:
            return str(error)
    return why_not


def _describe(name: str) -> BackendInfo:
    info: BackendInfo = _module(name).describe()
    return info


def _module(name: str) -> Any:
    return importlib.import_module(_MODULES[name])


def _plugins(group: str) -> "dict[str, EntryPoint]":
    # A run on one of our own backends asks for no plug-ins, and goes without two dozen modules.
    from importlib.metadata import entry_points  # noqa: PLC0415

    return {plugin.name: plugin for plugin in entry_points(group=group)}


def _loaded(plugin: "EntryPoint") -> Callable[..., Any]:
    try:
        loaded: Callable[..., Any] = plugin.load()
    except Exception as error:
        raise NoDeviceError(f"plug-in '{plugin.name}' ({plugin.value}): {error}") from error
    return loaded
