"""Kernels that break the rules: each ends in one line, and none ends the comparison's process."""

import shutil
import subprocess
from pathlib import Path

import pytest

from stampmill.bench.candidates import referee
from stampmill.bench.candidates.referee import Limits
from stampmill.bench.candidates.spec import parse
from stampmill.bench.host.machine import usable_cpus
from stampmill.core import native
from stampmill.core.errors import NoDeviceError, VerificationError

ROOT = Path(__file__).parents[3]
SOURCE = Path(__file__).parent / "bad.c"
CPU = usable_cpus()[-1]
CRASH, HANG, EXIT, ILLEGAL, BLIND = range(1, 6)

FUNCTIONS = """
from hashlib import sha256

def meeting(header, target, first, end):
    for nonce in range(first, end):
        digest = sha256(sha256(header + nonce.to_bytes(4, "little")).digest()).digest()
        if digest[::-1] <= target[::-1]:
            yield nonce

def misses(header, target, first, end):
    return [nonce for nonce in meeting(header, target, first, end) if nonce % 512 != 511]

def invents(header, target, first, end):
    return {*meeting(header, target, first, end), first}

def strays(header, target, first, end):
    return [end]

def chats(header, target, first, end):
    print("chatter")
    return meeting(header, target, first, end)

def fails(header, target, first, end):
    return 1 // 0

number = 7
"""

needs_compiler = pytest.mark.skipif(
    not native.available() or shutil.which("cc") is None, reason="no C compiler or no extension"
)


def check(kernel, timeout=60.0):
    return referee.check(parse(kernel), (1,), 0.001, Limits(CPU, timeout))


def library(folder, mode):
    path = folder / "bad.so"
    command = ["cc", "-shared", "-fPIC", f"-DMODE={mode}", "-I", ROOT / "csrc", SOURCE, "-o", path]
    subprocess.run(command, check=True)
    return str(path)


@needs_compiler
@pytest.mark.parametrize(
    ("mode", "kind", "words"),
    [
        (CRASH, VerificationError, r"crashes with SIGSEGV \(Segmentation fault\)$"),
        (ILLEGAL, NoDeviceError, "crashes with SIGILL: built with instructions that this CPU"),
        (EXIT, VerificationError, "instead of a result$"),
        (BLIND, VerificationError, "fails its self-test: .*"),
    ],
)
def test_a_bad_library_is_named(tmp_path, mode, kind, words):
    with pytest.raises(kind, match=rf"^kernel .*bad(\.so)? ?.*{words}") as caught:
        check(library(tmp_path, mode))
    assert "\n" not in str(caught.value)


@needs_compiler
def test_a_kernel_that_hangs_is_ended(tmp_path):
    with pytest.raises(VerificationError, match=r"bad.so hangs: no result within 1 s \(--timeout"):
        check(library(tmp_path, HANG), timeout=1.0)


def test_a_library_of_another_machine_is_named(tmp_path):
    path = tmp_path / "other.so"
    path.write_bytes(b"\x7fELF\2\1" + bytes(12) + b"\xf3\0" + bytes(44))  # e_machine: RISC-V
    with pytest.raises(NoDeviceError, match=r"other\.so: built for riscv, and this machine is "):
        check(str(path))


@pytest.mark.parametrize(
    ("name", "kind", "words"),
    [
        ("misses", VerificationError, "misses nonce [0-9a-f]{8} of header [0-9a-f]{152}$"),
        ("invents", VerificationError, "invents nonce [0-9a-f]{8} of header [0-9a-f]{152}$"),
        ("strays", VerificationError, "invents nonce [0-9a-f]{8}, outside .* of header [0-9a-f]+$"),
        ("fails", VerificationError, "raises ZeroDivisionError: "),
        ("number", NoDeviceError, "it is a int, no function$"),
        ("gone", NoDeviceError, "AttributeError: "),
    ],
)
def test_a_bad_function_is_named(tmp_path, monkeypatch, name, kind, words):
    (tmp_path / "wrong.py").write_text(FUNCTIONS)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(kind, match=rf"kernel wrong:{name}:? {words}"):
        check(f"wrong:{name}")


def test_what_a_kernel_prints_does_not_disturb(tmp_path, monkeypatch):
    (tmp_path / "wrong.py").write_text(FUNCTIONS)
    monkeypatch.chdir(tmp_path)
    assert check("wrong:chats").name == "wrong:chats"
