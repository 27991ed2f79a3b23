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

CLANG = "apt install clang-19"
WHEELS = "make gpu-tools"

# What a driver's compiler has built in, and clang alone has not. The nonce loop uses no more.
_PRELUDE = """
#ifdef __NVPTX__
#define LOCAL __nvvm_read_ptx_sreg_tid_x()
#define GROUP_NUMBER __nvvm_read_ptx_sreg_ctaid_x()
#define GROUPS __nvvm_read_ptx_sreg_nctaid_x()
#else
#define LOCAL __builtin_amdgcn_workitem_id_x()
#define GROUP_NUMBER __builtin_amdgcn_workgroup_id_x()
#define GROUPS (__builtin_amdgcn_grid_size_x() / GROUP)
#endif
#define get_global_size(d) (GROUPS * GROUP)
#define get_global_id(d) (GROUP_NUMBER * GROUP + LOCAL)
#define rotate(x, n) ((x) << ((n) & 31) | (x) >> (-(n) & 31))
#define bitselect(a, b, c) ((a) ^ (((a) ^ (b)) & (c)))
#define atomic_inc(p) __atomic_fetch_add(p, 1u, __ATOMIC_RELAXED)
"""
# The same for NVIDIA's compiler, which takes CUDA.
_CUDA_PRELUDE = """
typedef unsigned int uint;
#define __kernel extern "C" __global__ __launch_bounds__(GROUP)
#define __global
#define reqd_work_group_size(x, y, z) unused
#define __asm__ asm
#define get_global_size(d) (gridDim.x * GROUP)
#define get_global_id(d) (blockIdx.x * GROUP + threadIdx.x)
#define rotate(x, n) __funnelshift_l(x, x, n)
#define bitselect(a, b, c) ((a) ^ (((a) ^ (b)) & (c)))
#define atomic_inc(p) atomicAdd((uint *)(p), 1u)
"""


class ToolError(NoDeviceError):
    """A compiler is missing, or refuses the code."""


def amd_assembly(source: str, chip: str) -> str:
    """Return clang's assembly of a kernel for an AMD chip."""
    return _clang(source, "amdgcn-amd-amdhsa", f"-mcpu={chip}", "-nogpulib")


def ptx(source: str, chip: str) -> str:
    """Return clang's PTX of a kernel."""
    return _clang(source, "nvptx64-nvidia-nvcl", "-Xclang", "-target-cpu", "-Xclang", chip)


def ptx_by_nvrtc(source: str, chip: str) -> str:
    """Return the PTX that NVIDIA's own compiler makes, as its OpenCL driver would."""
    library = _nvrtc()
    program, size = ctypes.c_void_p(), ctypes.c_size_t()
    text = (_CUDA_PRELUDE + source).encode()
    library.nvrtcCreateProgram(ctypes.byref(program), text, b"search.cu", 0, None, None)
    options = [f"--gpu-architecture=compute_{chip[3:]}", "-default-device", "-w"]
    array = (ctypes.c_char_p * len(options))(*(option.encode() for option in options))
    failed = library.nvrtcCompileProgram(program, len(options), array)
    what = "ProgramLog" if failed else "PTX"
    getattr(library, f"nvrtcGet{what}Size")(program, ctypes.byref(size))
    result = ctypes.create_string_buffer(size.value)
    getattr(library, f"nvrtcGet{what}")(program, result)
    library.nvrtcDestroyProgram(ctypes.byref(program))
    if failed:
        raise ToolError(f"nvrtc: {result.value.decode(errors='replace')[:300]}")
    return result.value.decode()


def assemble(ptx_text: str, chip: str) -> tuple[str, str]:
    """Return the disassembled machine code for an NVIDIA chip, and what ptxas says of it."""
    text = re.sub(r"^\.target .*$", f".target {chip}", ptx_text, flags=re.MULTILINE)
    with tempfile.TemporaryDirectory() as folder:
        code, cubin = Path(folder, "k.ptx"), Path(folder, "k.cubin")
        code.write_text(text, encoding="utf-8")
        said = _run(tool("ptxas"), "-v", "-O3", f"-arch={chip}", str(code), "-o", str(cubin))
        return _run(tool("nvdisasm"), "-c", str(cubin)), said


def versions() -> dict[str, str]:
    """Return the compilers' versions; raise ToolError naming all that is missing."""
    found, missing = {}, []
    for name in ("clang", "ptxas", "nvdisasm"):
        try:
            found[name] = _version(tool(name))
        except ToolError as error:
            missing.append(str(error))
    try:
        found["nvrtc"] = _nvrtc_version()
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
    cure = CLANG if name == "clang" else WHEELS
    raise ToolError(f"no {name}: {cure}")


def _clang(source: str, target: str, *options: str) -> str:
    return _run(
        tool("clang"), "-x", "cl", "-cl-std=CL1.2", "-O3", "-w", "-S", "-o", "-", "-target", target,
        # Drivers inline everything.
        "-mllvm", "-inline-threshold=1000000", *options, "-", text=_PRELUDE + source,
    )  # fmt: skip


def _run(*command: str, text: str = "") -> str:
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        name = Path(command[0]).name
        raise ToolError(f"{name}: {said[0] if said else 'it fails without a word'}")
    return done.stdout or done.stderr


def _version(path: str) -> str:
    said = _run(path, "--version")
    found = re.search(r"version (\d[\w.]*)|V(\d[\w.]*)", said)
    return (found[1] or found[2]) if found else said.splitlines()[0]


@cache
def _nvrtc() -> ctypes.CDLL:
    try:
        if builtins := _of_wheel("lib", "libnvrtc-builtins.so.*"):
            ctypes.CDLL(builtins)  # loaded, it is found by its name
        return ctypes.CDLL(_of_wheel("lib", "libnvrtc.so.*") or "libnvrtc.so")
    except OSError as error:
        raise ToolError(f"no nvrtc: {WHEELS}") from error


def _nvrtc_version() -> str:
    major, minor = ctypes.c_int(), ctypes.c_int()
    _nvrtc().nvrtcVersion(ctypes.byref(major), ctypes.byref(minor))
    return f"{major.value}.{minor.value}"


def _of_wheel(folder: str, pattern: str) -> str | None:
    """Return a file of NVIDIA's wheels, which are no packages that could be asked."""
    site = Path(sysconfig.get_path("purelib"))
    found = sorted(site.glob(f"nvidia/*/{folder}/{pattern}"))
    return str(found[-1]) if found else None
