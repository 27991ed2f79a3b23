import logging
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from stampmill.core import selftest
from stampmill.core.backends.opencl import backend, programs
from stampmill.core.backends.opencl.programs import build, first_error, key, read, write
from stampmill.core.errors import NoDeviceError, VerificationError
from stampmill.kernels.opencl.code import Shape, source

from .cards import needs_a_device, usable
from .simulated import DriverError, device

SHAPE = Shape(16, group=8)


def test_a_program_is_known_by_device_driver_and_source() -> None:
    first = key(device(), "text")
    others = [device(name="x"), device(driver="2.0"), device(platform="x")]
    assert len({first, key(device(), "text 2"), *(key(other, "text") for other in others)}) == 5
    assert first == key(device(7, name="card 0"), "text"), "twins share one"


def test_what_is_written_is_read(tmp_path: Path) -> None:
    write(tmp_path / "new" / "a.bin", b"program")
    assert read(tmp_path / "new" / "a.bin") == b"program"
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["a.bin"]


@pytest.mark.parametrize("content", [b"", b"short", bytes(32), bytes(32) + b"program"])
def test_what_is_torn_is_not_read(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.bin").write_bytes(content)
    assert read(tmp_path / "a.bin") is None


def test_where_nothing_can_be_written_it_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    write(tmp_path / "file" / "a.bin", b"program")
    assert "program not cached" in caplog.text


WRITER = """
import sys
from pathlib import Path
from stampmill.core.backends.opencl.programs import write
for _ in range(200):
    write(Path(sys.argv[1]), sys.argv[2].encode() * 100_000)
"""


def test_two_processes_may_write_at_once(tmp_path: Path) -> None:
    file = tmp_path / "a.bin"
    command = [sys.executable, "-P", "-c", WRITER, str(file)]
    writers = [subprocess.Popen([*command, text]) for text in "xy"]
    while any(writer.poll() is None for writer in writers):
        assert not file.exists() or read(file) in {b"x" * 100_000, b"y" * 100_000}
    assert [writer.returncode for writer in writers] == [0, 0]
    assert read(file)


@pytest.mark.parametrize(
    ("log", "line"),
    [
        ("Build:\n\nwarning: x\n a.cl:3:5: error: no 'y'\n1 error", "a.cl:3:5: error: no 'y'"),
        ("\n ptxas Error: too many registers\n", "ptxas Error: too many registers"),
        ("clBuildProgram failed", "clBuildProgram failed"),
        ("", "the driver says nothing"),
    ],
)  # fmt: skip
def test_the_first_useful_line_of_a_build_log(log: str, line: str) -> None:
    assert first_error(log) == f"the kernel does not build: {line}"


@needs_a_device
def test_a_build_error_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "source", lambda _: "__kernel void search( { broken }")
    with pytest.raises(NoDeviceError, match="the kernel does not build: .*error") as caught:
        backend.open_device(usable()[0], shapes={1: SHAPE})()
    assert "\n" not in str(caught.value)


@needs_a_device
def test_a_driver_without_inline_ptx_gets_a_plain_kernel(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = []

    def source_refused(shape: Shape) -> str:
        built.append(shape.multiply_to_add)
        return "no such thing" if shape.multiply_to_add else source(SHAPE)

    monkeypatch.setattr(programs, "source", source_refused)
    backend.open_device(usable()[0], shapes={1: Shape(multiply_to_add=True)})()
    assert built == [True, False]
    assert "built without inline PTX" in caplog.text


class FussyDriver:
    """Has programs that are what they were built with, and refuses a limit of registers."""

    Error = DriverError
    CompilerWarning = UserWarning
    program_info = SimpleNamespace(BINARIES=None)

    def __init__(self, *, refuses: bool) -> None:
        self.refuses = refuses
        self.built: list[str] = []
        self.Program = self._program

    def _program(self, _context: Any, given: Any, binaries: Any = None) -> Any:
        def build(options: str, **_: Any) -> Any:
            if self.refuses and "maxrregcount" in options:
                raise DriverError("CL_INVALID_BUILD_OPTIONS")
            if binaries is None:
                self.built.append(options)
            limited = "#define MAX_REGISTERS" in given if binaries is None else None
            made = SimpleNamespace(options=options, limited=limited)
            made.get_info = lambda _: [options.encode()]
            return made

        return SimpleNamespace(build=build)


LIMITED = Shape(multiply_to_add=True, registers=40)


def test_a_limit_of_registers_is_an_option_and_another_program(tmp_path: Path) -> None:
    cl = FussyDriver(refuses=False)
    for shape in (LIMITED, replace(LIMITED, registers=32), Shape(multiply_to_add=True)) * 2:
        build(cl, None, device(), shape, tmp_path)
    plain = programs.OPTIONS
    limits = [f"{plain} -cl-nv-maxrregcount={number}" for number in (40, 32)]
    assert cl.built == [*limits, plain], "and each of them once"
    assert len({key(device(), "text", options) for options in cl.built}) == 3


def test_a_driver_that_will_have_no_limit_of_registers_gets_none(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    program = build(FussyDriver(refuses=True), None, device(), LIMITED, tmp_path)
    assert (program.options, program.limited) == (programs.OPTIONS, False)
    assert "built without a limit of registers: device=opencl:0" in caplog.text


@needs_a_device
def test_a_program_comes_from_the_cache_and_a_broken_one_is_rebuilt(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cl, info = backend.driver(), usable()[0]
    context = cl.Context([info.handle])
    with caplog.at_level(logging.INFO, "stampmill.opencl"):
        for step, told in (("built", 1), ("cached", 1), ("torn", 2), ("cached", 2), ("foreign", 3)):
            if step == "torn":
                next(tmp_path.iterdir()).write_bytes(b"torn")
            if step == "foreign":
                write(next(tmp_path.iterdir()), b"no program of any driver")
            program = build(cl, context, info, SHAPE, tmp_path)
            assert cl.Kernel(program, "search").num_args == 8
            assert caplog.text.count("building a program") == told
    assert "cached program refused" in caplog.text


MUTANTS = {
    "a constant of the last rounds": (r"0x[0-9a-f]{8}u(?!.*0x[0-9a-f]{8}u)", "0x12345678u"),
    "a count": (r"ROTR\((\w+), 25u\)", r"ROTR(\1, 24u)"),
    "a lane": (r"0, 1, 2, 3, 4, 5, 6, 7, 8, 9,", "0, 1, 2, 3, 4, 5, 6, 7, 8, 8,"),
    "the range's end": (r"nonce.lane\[i\] - first <= last", "nonce.lane[i] - first < last"),
}


@needs_a_device
@pytest.mark.parametrize("name", MUTANTS)
def test_a_kernel_that_is_wrong_in_one_place_fails_its_test(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pattern, wrong = MUTANTS[name]
    mutant, count = re.subn(pattern, wrong, source(SHAPE), count=1, flags=re.DOTALL)
    assert count == 1
    assert mutant != source(SHAPE)
    monkeypatch.setattr(programs, "source", lambda _: mutant)
    kernel = backend.open_device(usable()[0], shapes={1: SHAPE})()
    with pytest.raises(VerificationError, match="opencl:"):
        selftest.prove(kernel)


@needs_a_device
def test_additions_by_a_hidden_factor_are_additions(monkeypatch: pytest.MonkeyPatch) -> None:
    """What NVIDIA's devices get, with C in place of their inline PTX."""
    shape = Shape(4, group=8)
    plain, count = re.subn(r"__asm__\(\"mad.*\);", "sum = x * factor + y;", source(shape))
    assert count == 1
    monkeypatch.setattr(programs, "source", lambda _: f"#define MULTIPLY_TO_ADD 1\n{plain}")
    kernel = backend.open_device(usable()[0], shapes={1: shape})()
    assert selftest.prove(kernel) > 10


@needs_a_device
def test_what_amds_chips_get_is_the_same_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its order of sums and its majorities, without the assembler that keeps clang from them."""
    plain = source(SHAPE)
    for name in ('    __asm__("" : "+v"(word));\n', "WIDTH == 1 && defined(__AMDGCN__) && "):
        assert plain.count(name) == 1
        plain = plain.replace(name, "")
    assert plain.count("MAJORITY_AGAIN(") > 50
    monkeypatch.setattr(programs, "source", lambda _: f"#define __GFX9__ 1\n{plain}")
    kernel = backend.open_device(usable()[0], shapes={1: SHAPE})()
    assert selftest.prove(kernel) > 10
