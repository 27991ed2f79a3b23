"""Compilers that make a GPU's machine code without one: clang, ptxas, nvdisasm, and NVRTC."""

import ctypes
import re
import shutil
import subprocess
import sysconfig
import tempfile
from functools import cache
from pathlib import Path

from stampmill.core.errors import NoDeviceError

WHEELS = "make gpu-tools"

# What a driver's compiler has built in, and these have not: NVIDIA's takes CUDA.
_PRELUDE = """
#ifdef __NVPTX__
#define get_global_size(d) (__nvvm_read_ptx_sreg_nctaid_x() * GROUP)
#define get_global_id(d) (__nvvm_read_ptx_sreg_ctaid_x() * GROUP + __nvvm_read_ptx_sreg_tid_x())
#else
#define GROUP_NUMBER __builtin_amdgcn_workgroup_id_x()
#define get_global_size(d) __builtin_amdgcn_grid_size_x()
#define get_global_id(d) (GROUP_NUMBER * GROUP + __builtin_amdgcn_workitem_id_x())
#endif
#define bitselect(a, b, c) ((a) ^ (((a) ^ (b)) & (c)))
#define rotate(x, n) ((x) << ((n) & 31) | (x) >> (-(n) & 31))
#define atomic_inc(p) __atomic_fetch_add(p, 1u, __ATOMIC_RELAXED)
"""
_CUDA_PRELUDE = """
typedef unsigned int uint;
#define __kernel extern "C" __global__
#define __global
#define __asm__ asm
#define reqd_work_group_size(x, y, z) launch_bounds(x)
#define get_global_size(d) (gridDim.x * GROUP)
#define get_global_id(d) (blockIdx.x * GROUP + threadIdx.x)
#define bitselect(a, b, c) ((a) ^ (((a) ^ (b)) & (c)))
#define rotate(x, n) __funnelshift_l(x, x, n)
#define atomic_inc(p) atomicAdd((uint *)(p), 1u)
"""


class ToolError(NoDeviceError):
    """A compiler is missing, or refuses the code."""


def clang(source: str, chip: str) -> str:
    """Return clang's assembly of a kernel for an AMD chip, or its PTX for one of NVIDIA's."""
    nvidia = ("nvptx64-nvidia-nvcl", "-Xclang", "-target-cpu", "-Xclang", chip)
    amd = ("amdgcn-amd-amdhsa", f"-mcpu={chip}", "-nogpulib")
    target = amd if chip.startswith("gfx") else nvidia
    options = ("-cl-std=CL1.2", "-O3", "-w", "-mllvm", "-inline-threshold=1000000")
    command = (tool("clang"), "-x", "cl", "-S", "-o", "-", *options, "-target", *target, "-")
    return _run(*command, text=_PRELUDE + source)


def nvrtc(source: str, chip: str) -> str:
    """Return the PTX that NVIDIA's own compiler makes, as its OpenCL driver would."""
    library, program, size = _nvrtc(), ctypes.c_void_p(), ctypes.c_size_t()
    text = (_CUDA_PRELUDE + source).encode()
    library.nvrtcCreateProgram(ctypes.byref(program), text, b"search.cu", 0, None, None)
    options = f"--gpu-architecture=compute_{chip[3:]} -default-device -w".encode().split()
    failed = library.nvrtcCompileProgram(program, 3, (ctypes.c_char_p * 3)(*options))
    what = "ProgramLog" if failed else "PTX"
    getattr(library, f"nvrtcGet{what}Size")(program, ctypes.byref(size))
    result = ctypes.create_string_buffer(size.value)
    getattr(library, f"nvrtcGet{what}")(program, result)
    library.nvrtcDestroyProgram(ctypes.byref(program))
    if failed:
        raise ToolError(f"nvrtc: {result.value.decode(errors='replace')[:300]}")
    return result.value.decode()


def assemble(ptx: str, chip: str, registers: int) -> tuple[str, str]:
    """Return the disassembled machine code for an NVIDIA chip, and what ptxas says of it."""
    options = ["-v", "-O3", f"-arch={chip}"] + [f"-maxrregcount={registers}"] * bool(registers)
    with tempfile.TemporaryDirectory() as folder:
        code, cubin = Path(folder, "k.ptx"), Path(folder, "k.cubin")
        code.write_text(ptx, encoding="utf-8")
        said = _run(tool("ptxas"), *options, str(code), "-o", str(cubin))
        return _run(tool("nvdisasm"), "-c", str(cubin)), said


def versions() -> dict[str, str]:
    """Return the compilers' versions; raise ToolError naming all that is missing."""
    found, missing = {}, []
    for name in ("clang", "ptxas", "nvdisasm", "nvrtc"):
        try:
            found[name] = _version(name)
        except ToolError as error:
            missing.append(str(error))
    if missing:
        raise ToolError("; ".join(missing))
    return found


@cache
def tool(name: str) -> str:
    """Return a compiler's path; raise ToolError with the cure."""
    names = [f"clang-{number}" for number in range(22, 15, -1)] if name == "clang" else []
    for each in (*names, name):
        if path := shutil.which(each) or _of_wheel("bin", each):
            return path
    raise ToolError(f"no {name}: {'apt install clang-19' if name == 'clang' else WHEELS}")


def _run(*command: str, text: str = "") -> str:
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        said = (done.stderr or done.stdout).strip() or "it fails without a word"
        raise ToolError(f"{Path(command[0]).name}: {said.splitlines()[0]}")
    return done.stdout or done.stderr


def _version(name: str) -> str:
    if name == "nvrtc":
        major, minor = ctypes.c_int(), ctypes.c_int()
        _nvrtc().nvrtcVersion(ctypes.byref(major), ctypes.byref(minor))
        return f"{major.value}.{minor.value}"
    return str(re.findall(r"(?:version |V)(\d[\w.]*)", _run(tool(name), "--version"))[-1])


@cache
def _nvrtc() -> ctypes.CDLL:
    try:
        if builtins := _of_wheel("lib", "libnvrtc-builtins.so.*"):
            ctypes.CDLL(builtins)  # loaded, it is found by its name
        return ctypes.CDLL(_of_wheel("lib", "libnvrtc.so.*") or "libnvrtc.so")
    except OSError as error:
        raise ToolError(f"no nvrtc: {WHEELS}") from error


def _of_wheel(folder: str, pattern: str) -> str | None:
    """Return a file of NVIDIA's wheels, which are no packages that could be asked."""
    found = Path(sysconfig.get_path("purelib")).glob(f"nvidia/*/{folder}/{pattern}")
    return max(map(str, found), default=None)
