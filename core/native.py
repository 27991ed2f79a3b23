"""The C kernels: which ones this build and this CPU have, and one way to run them.

Without the extension (no compiler when installing) the module still imports: `available` is false
and `why_unavailable` tells the cure.
"""

import ctypes
import logging
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from stampmill.core import tuning
from stampmill.core.errors import NoDeviceError, VerificationError
from stampmill.core.scan import CancelWord, Hit, ScanRequest, ScanResult
from stampmill.core.tuning import Variant

try:
    from stampmill.core._native import __file__ as _extension
    from stampmill.core._native import ffi, lib
    from stampmill.core.native_scan import NativeRelay
except ImportError as error:
    _import_error: ImportError | None = error
else:
    _import_error = None

if TYPE_CHECKING:
    from cffi import FFI

    from stampmill.core._native import KernelStruct

KERNEL_VARIABLE = "STAMPMILL_KERNEL"

_log = logging.getLogger("stampmill.native")


@dataclass(frozen=True, slots=True)
class KernelInfo:
    """A kernel of this build. `missing` is None where it can run, else the lacking CPU feature."""

    name: str
    description: str
    lanes: int
    max_versions: int
    missing: str | None

    @property
    def supported(self) -> bool:
        """Tell whether this CPU and its operating system can run it."""
        return self.missing is None

    @property
    def why_not(self) -> str:
        """Return why it cannot run here, or an empty text."""
        return f"CPU lacks {self.missing}" if self.missing is not None else ""


class NativeKernel:
    """A compiled kernel behind the `Kernel` protocol. Safe to share between threads."""

    __slots__ = ("handle", "info")

    def __init__(self, handle: "KernelStruct", variant: Variant | None = None) -> None:
        self.handle = handle
        self.info = _info(handle) if variant is None else _varied(_info(handle), variant)

    @property
    def name(self) -> str:
        """The name that STAMPMILL_KERNEL, reports and benchmarks use."""
        return self.info.name

    @property
    def description(self) -> str:
        """One line for people."""
        return self.info.description

    @property
    def lanes(self) -> int:
        """Nonces per batch."""
        return self.info.lanes

    @property
    def max_versions(self) -> int:
        """The most versions in one call."""
        return self.info.max_versions

    def scan(self, request: ScanRequest, cancel: CancelWord) -> ScanResult:
        """Search the range with the GIL released.

        Raise ScanRequestError for more versions than the kernel takes.
        """
        leg = NativeRelay(self.handle).leg(request, cancel)
        leg.run()
        status, nonce, version = leg.end()
        hits = tuple([Hit(find.nonce, find.version) for find in leg.take()])
        return ScanResult(status, hits, nonce, version)

    def relay(self, bell: int = -1) -> "NativeRelay":
        """Return what runs one thread's scans, and goes from one to the next without the GIL."""
        return NativeRelay(self.handle, bell)


def available() -> bool:
    """Tell whether the extension is built."""
    return _import_error is None


def why_unavailable() -> str:
    """Return the reason and the cure if the extension is missing, else an empty text."""
    if _import_error is None:
        return ""
    return (
        f"the C kernels are not built ({_import_error}): install a C compiler, then reinstall "
        "stampmill with STAMPMILL_NATIVE=require, or run 'make native' in a checkout"
    )


def kernels(environ: Mapping[str, str] = os.environ) -> list[KernelInfo]:
    """Return every kernel of this build, fastest first; none without the extension."""
    return [kernel.info for kernel in _ordered(environ)]


@cache
def device() -> tuning.Device:
    """Return what the order of the kernels depends on; the extension has to be there."""
    build = sha256(Path(_extension).read_bytes()).hexdigest()
    return tuning.cpu(build[:16])


def select(name: str | None = None, environ: Mapping[str, str] = os.environ) -> NativeKernel:
    """Return the kernel called so, else $STAMPMILL_KERNEL, else the fastest that runs here.

    A name with a slash is the path of a shared object, as for `load`. The fastest is what `bench
    tune` found on this host, or else usual. The kernel has passed its self-test: without a name,
    one that fails is passed over with a warning. Raise NoDeviceError if there is none or not this
    one, and VerificationError if it, or each of them, computes wrongly on this machine.
    """
    wanted = name or environ.get(KERNEL_VARIABLE)
    if wanted and "/" in wanted:
        return load(wanted)
    if not available():
        raise NoDeviceError(why_unavailable())
    return _tested(_named(wanted, environ)) if wanted else _fastest(environ)


def load(path: str, variant: Variant | None = None) -> NativeKernel:
    """Return the kernel that a shared object exports as `csrc/sha256d.h` says, self-tested.

    As a variant it has that one's name and number of versions. Raise NoDeviceError if it has none
    that runs here, VerificationError if it computes wrongly.
    """
    if not available():
        raise NoDeviceError(why_unavailable())
    kernel = ffi.cast("const sm_kernel *", _exported_address(path))
    if kernel.abi_version != lib.SM_ABI_VERSION:
        raise NoDeviceError(
            f"kernel {path}: its ABI version is {kernel.abi_version}, ours {lib.SM_ABI_VERSION}; "
            "build it again with our csrc/sha256d.h"
        )
    native = NativeKernel(kernel, variant)
    if not native.info.supported:
        raise NoDeviceError(f"kernel {path}: {native.info.why_not}")
    return _tested(native)


def chain(additions: int) -> None:
    """Make so many additions, one after the other, a cycle each: what a benchmark can time."""
    lib.sm_chain(additions)


def fill(additions: int) -> None:
    """Make so many additions that do not wait for each other: as many in a cycle as can be."""
    lib.sm_fill(additions)


def _exported_address(path: str) -> int:
    try:  # ctypes never unloads a library, so its kernel stays valid
        export = ctypes.CDLL(path).stampmill_kernel
    except (OSError, AttributeError) as error:
        raise NoDeviceError(f"no kernel in {path}: {error}") from error
    export.restype = ctypes.c_void_p
    address: int | None = export()
    if not address:
        raise NoDeviceError(f"no kernel in {path}: stampmill_kernel() returned NULL")
    return address


def _fastest(environ: Mapping[str, str]) -> NativeKernel:
    usable = [kernel for kernel in _ordered(environ) if kernel.info.supported]
    return next(filter(_passes, usable), None) or _tested(usable[0])


def _ordered(environ: Mapping[str, str]) -> list[NativeKernel]:
    """Return the kernels that were measured here, fastest first, then the others as usual."""
    tuned = tuning.entry(device(), environ) if available() else None
    if tuned is None:
        return [*_bound().values()]
    known = {**_bound(), **_kept(tuned.variants, environ)}
    names = [*(name for name in tuned.order if name in known), *known]
    return [known[name] for name in dict.fromkeys(names)]


def _kept(variants: Iterable[Variant], environ: Mapping[str, str]) -> dict[str, NativeKernel]:
    """Return those that were built on this host and are still what they were."""
    found = {}
    for variant in variants:
        file = tuning.library(variant, environ)
        try:
            if file is None:
                raise NoDeviceError(f"{variant.file} is gone, or was changed")  # noqa: TRY301
            found[variant.name] = _variant(str(file), variant)
        except (NoDeviceError, VerificationError) as error:
            _log.warning("kernel passed over: name=%s reason=%s", variant.name, error)
    return found


@cache
def _variant(path: str, variant: Variant) -> NativeKernel:
    return load(path, variant)


def _named(name: str, environ: Mapping[str, str]) -> NativeKernel:
    kernel = {each.name: each for each in _ordered(environ)}.get(name)
    if kernel is not None and kernel.info.supported:
        return kernel
    why = "no such C kernel" if kernel is None else kernel.info.why_not
    usable = ", ".join(info.name for info in kernels(environ) if info.supported)
    raise NoDeviceError(f"kernel '{name}': {why}; available here: {usable}")


def _tested(kernel: NativeKernel) -> NativeKernel:
    failure = _selftest(kernel)
    if failure:
        raise VerificationError(f"kernel {kernel.name} fails its self-test: {failure}")
    return kernel


@cache
def _passes(kernel: NativeKernel) -> bool:
    failure = _selftest(kernel)
    if failure:
        _log.warning("kernel passed over: name=%s failure=%s", kernel.name, failure)
    return not failure


@cache
def _selftest(kernel: NativeKernel) -> str:
    failure = lib.sm_selftest(kernel.handle)
    return _text(failure) if failure else ""


def _compiled() -> "list[KernelStruct]":
    if not available():
        return []
    return [lib.sm_kernel_at(index) for index in range(lib.sm_kernel_count())]


@cache
def _bound() -> dict[str, NativeKernel]:
    return {kernel.name: kernel for kernel in map(NativeKernel, _compiled())}


def _info(kernel: "KernelStruct") -> KernelInfo:
    missing = ffi.new("const char **")
    supported = kernel.supported(missing)
    return KernelInfo(
        name=_text(kernel.name),
        description=_text(kernel.description),
        lanes=kernel.lanes,
        max_versions=kernel.max_versions,
        missing=None if supported else _text(missing[0]) if missing[0] else "something it needs",
    )


def _varied(info: KernelInfo, variant: Variant) -> KernelInfo:
    made = ", ".join(f"{name} {value}" for name, value in variant.point)
    versions = min(variant.max_versions or info.max_versions, info.max_versions)
    text = f"{info.description}; tuned on this host: {made}"
    return replace(info, name=variant.name, description=text, max_versions=versions)


def _text(chars: "FFI.CData") -> str:
    return ffi.string(chars).decode()
