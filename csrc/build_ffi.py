"""cffi's view of the C library: its declarations are the public part of `sha256d.h`."""

import re
from pathlib import Path

from cffi import FFI

# setup.py executes this file with the checkout as working directory.
_HEADER = Path("csrc", "sha256d.h").read_text(encoding="utf-8")
_PUBLIC = re.search(r"/\* public part:.*?\*/(.*)/\* end of the public part \*/", _HEADER, re.DOTALL)

ffi = FFI()
ffi.cdef(_PUBLIC[1])  # type: ignore[index]  # the header without its marks is a broken checkout
ffi.set_source(
    "stampmill.core._native",
    '#include "sha256d.h"',
    sources=["csrc/dispatch.c", "csrc/cpu.c", "csrc/selftest.c", "csrc/scan_generic.c"],
    define_macros=[("SM_NO_AVX512", None), ("SM_NO_SHANI", None), ("SM_NO_AVX2", None)],
    extra_compile_args=["-O3", "-std=c11", "-Wall", "-Wextra"],
    include_dirs=["csrc"],
    depends=[],
    py_limited_api=True,
)
