"""cffi's view of the C library: its declarations are the public part of `sha256d.h`.

setup.py runs this file with the checkout as working directory, and adds the compiler's flags and
the objects of the instruction sets.
"""

import re
from pathlib import Path

from cffi import FFI

SOURCES = Path("csrc")
PUBLIC_PART = re.compile(r"/\* public part:.*?\*/(.*)/\* end of the public part \*/", re.DOTALL)

ffi = FFI()
ffi.cdef(PUBLIC_PART.findall(SOURCES.joinpath("sha256d.h").read_text(encoding="utf-8"))[0])
ffi.set_source(
    "stampmill.core._native",
    '#include "sha256d.h"',
    sources=[f"csrc/{name}.c" for name in ("cpu", "dispatch", "scan_generic", "selftest")],
    depends=[*map(str, sorted(SOURCES.glob("*.h"))), *map(str, sorted(SOURCES.glob("scan_*.c")))],
    include_dirs=["csrc"],
    py_limited_api=True,
)
