import platform
import shutil
import struct
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stampmill.bench.candidates import elf
from stampmill.bench.candidates.load import why_not_here
from stampmill.bench.candidates.provenance import NOTE, flags_of

COMPILER = shutil.which("gcc")

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems have other formats")


def header(machine, bits=2):
    return b"\x7fELF" + bytes([bits, 1]) + bytes(10) + struct.pack("<HH", 3, machine) + bytes(44)


@pytest.mark.skipif(COMPILER is None, reason="no gcc")
def test_a_shared_object_tells_its_compiler_and_flags(tmp_path):
    library = tmp_path / "x.so"
    command = [COMPILER, "-O1", "-frecord-gcc-switches", "-shared", "-fPIC", "-I/nowhere"]
    subprocess.run([*command, "-xc", "-", "-o", library], input=b"int x;", check=True)
    data = library.read_bytes()
    assert elf.is_elf(data)
    assert elf.machine(data) == platform.machine()
    assert elf.compiler(data).startswith("GCC: ")
    assert "-O1" in elf.flags(data).split()
    assert "/" not in elf.flags(data)
    assert why_not_here(data) == ""
    assert elf.section(data, ".none") == b""


def test_an_object_of_another_machine_is_told_apart():
    other = 183 if platform.machine() == "x86_64" else 62
    name = {183: "aarch64", 62: "x86_64"}[other]
    assert why_not_here(header(other)) == (
        f"built for {name}, and this machine is {platform.machine()}: build it here"
    )
    assert "built for ELF machine 4242, " in why_not_here(header(4242))
    own = {"x86_64": 62, "aarch64": 183}[platform.machine()]
    assert why_not_here(header(own, bits=1)).startswith("built for 32 bits")
    assert why_not_here(b"#!/bin/sh") == "this is no shared object (ELF)"


@given(st.binary(max_size=200))
def test_rubbish_has_no_sections(data):
    assert elf.section(header(62)[:58] + data, ".comment") == b""


def test_a_kernels_flags_are_read_from_the_extensions_note():
    data = b"\x7fELF..." + NOTE + b"avx2=-O3 -mavx2\ngeneric=-O3\n\0..."
    assert flags_of("avx2", data) == "-O3 -mavx2"
    assert flags_of("generic", data) == "-O3"
    assert flags_of("avx", data) == flags_of("generic", b"") == ""
