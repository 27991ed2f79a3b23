"""cffi's view of the C library: its declarations are the public parts of three headers.

setup.py runs this file with the checkout as working directory, and adds the compiler's flags and
the objects of the instruction sets.
"""

import re
from pathlib import Path

from cffi import FFI

SOURCES = Path("csrc")
PUBLIC_PART = re.compile(r"/\* public part:.*?\*/(.*)/\* end of the public part \*/", re.DOTALL)

HEADERS = ("sha256d.h", "relay.h", "sweep.h")

SOURCE_NAMES = ("cpu", "dispatch", "relay", "scan_generic", "selftest", "sweep")

ffi = FFI()
for header in HEADERS:
    ffi.cdef(PUBLIC_PART.findall(SOURCES.joinpath(header).read_text(encoding="utf-8"))[0])
ffi.set_source(
    "stampmill.core._native",
    "".join(f'#include "{header}"\n' for header in HEADERS),
    sources=[f"csrc/{name}.c" for name in SOURCE_NAMES],
    depends=[*map(str, sorted(SOURCES.glob("*.h"))), *map(str, sorted(SOURCES.glob("scan_*.c")))],
    include_dirs=["csrc"],
    py_limited_api=True,
)
