"""What a kernel was made by: compiler, flags, and which file it is."""

import platform
import sys
from hashlib import sha256
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from stampmill.bench.candidates import elf
from stampmill.bench.candidates.spec import Kind, Spec
from stampmill.core import native
from stampmill.core.backends.numba_cpu import NumbaKernel
from stampmill.core.scan import Kernel

NOTE = b"stampmill kernel flags: "
"""In front of what setup.py leaves in the extension: a line for each kernel."""


def provenance(spec: Spec, kernel: Kernel) -> dict[str, str]:
    """Return compiler, flags and digest of the file, as far as they can be known."""
    if spec.kind is Kind.LIBRARY:
        data = Path(spec.target).read_bytes()
        return _known(elf.compiler(data), elf.flags(data), data)
    if spec.kind is Kind.OPENCL_FILE:
        return _known("", "", Path(spec.target).read_bytes())
    if spec.kind is Kind.INSTALLED and isinstance(kernel, native.NativeKernel):
        data = Path(import_module("stampmill.core._native").__file__ or "").read_bytes()
        return _known(elf.compiler(data), flags_of(kernel.name, data), data)
    return _known(_interpreter(kernel), "", b"")


def flags_of(kernel: str, data: bytes) -> str:
    """Return what one of our kernels was compiled with, from the note in the extension."""
    _, found, rest = data.partition(NOTE)
    lines = rest.split(b"\0", 1)[0].decode(errors="replace").splitlines() if found else []
    return next((flags for name, _, flags in (line.partition("=") for line in lines)
                 if name == kernel), "")  # fmt: skip


def _interpreter(kernel: Kernel) -> str:
    """Return Python's version and, where it made machine code, Numba's and its LLVM's.

    Our own such kernel does not import Numba when it finds what was compiled before.
    """
    compiled = isinstance(kernel, NumbaKernel) or "numba" in sys.modules
    packages = [_version(package) for package in ("numba", "llvmlite")] if compiled else []
    return ", ".join([f"Python {platform.python_version()}", *packages])


def _version(package: str) -> str:
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return f"no {package}"


def _known(compiler: str, flags: str, data: bytes) -> dict[str, str]:
    facts = {"compiler": compiler, "flags": flags}
    if data:
        facts["sha256"] = sha256(data).hexdigest()[:16]
    return {name: fact for name, fact in facts.items() if fact}
