"""What `--kernel` may name: a kernel that is installed, or a file or function of the user's own."""

import re
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from stampmill.core.errors import UsageError

_FUNCTION = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")
_LIBRARY_SUFFIXES = (".so", ".dylib", ".dll")


class Kind(Enum):
    """Where a kernel comes from."""

    INSTALLED = "installed"
    """One of ours, an OpenCL device, or a plug-in of the entry-point group `stampmill.kernels`."""
    LIBRARY = "library"
    """A shared object with the interface of `csrc/sha256d.h`."""
    FUNCTION = "function"
    """`module:name`, a Python function or a kernel object."""
    OPENCL_FILE = "OpenCL file"
    """A program with the kernel `search`, for an OpenCL device."""


@dataclass(frozen=True, slots=True)
class Spec:
    """A kernel by its name: `target` is the name, path or `module:name`, `device` OpenCL's."""

    kind: Kind
    target: str
    device: str = "opencl"

    @property
    def text(self) -> str:
        """What `parse` makes this of."""
        return self.target if self.device == "opencl" else f"{self.target}@{self.device}"

    @property
    def is_ours(self) -> bool:
        """Tell whether it may be one that this project ships."""
        return self.kind is Kind.INSTALLED


def parse(text: str) -> Spec:
    """Return what is meant; raise UsageError for a file that is not there.

    `mine.cl@opencl:1` chooses the device of an OpenCL file.
    """
    path, _, device = text.partition("@")
    if path.endswith(".cl"):
        return Spec(Kind.OPENCL_FILE, _file(path), device or "opencl")
    if text.endswith(_LIBRARY_SUFFIXES) or "/" in text:
        return Spec(Kind.LIBRARY, _file(text))
    if _FUNCTION.fullmatch(text) and not text.startswith("opencl:"):
        return Spec(Kind.FUNCTION, text)
    return Spec(Kind.INSTALLED, text)


def _file(text: str) -> str:
    """Return the path with a folder in it: loaders look elsewhere for a bare name."""
    path = Path(text)
    if not path.is_file():
        raise UsageError(f"no kernel in {text}: there is no such file")
    return text if "/" in text else f"./{text}"
