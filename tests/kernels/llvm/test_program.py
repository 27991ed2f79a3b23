import ast
import os
import platform
import shutil
import subprocess
import sys
from array import array
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("numba", reason="needs the extra 'numba'")

from stampmill.core.chain.known_headers import KNOWN_HEADERS
from stampmill.core.chain.sha256d import sha256d
from stampmill.kernels.llvm import numba_search, text
from stampmill.kernels.llvm.host import host_set
from stampmill.kernels.llvm.program import CANCELLED, CANDIDATES, DONE, Program, emitted, room
from stampmill.kernels.sha256 import K

LANES = host_set().lanes
MAX_TARGET = (1 << 256) - 1


@pytest.fixture(scope="module")
def code() -> bytes:
    return numba_search.compiled(emitted(host_set()))


@pytest.fixture(scope="module")
def program(code: bytes) -> Program:
    return Program(emitted(host_set()), code)


def cancel_word(value: int = 0) -> "array[int]":
    return array("I", [value])


def batch_masks(
    program: Program, prefix: bytes, versions: tuple[int, ...], first: int
) -> list[int]:
    """The lanes of one batch, whose hashes are to have none of their three highest bits."""
    memory, masks = program.prepared(prefix, versions, MAX_TARGET >> 3), room(len(versions))
    program.search(memory, masks, first, first + LANES, cancel_word())
    return [int(mask) for mask in masks]


def expected_masks(prefix: bytes, versions: tuple[int, ...], first: int) -> list[int]:
    lanes = [
        [is_low(prefix, first + lane, version) for lane in range(LANES)] for version in versions
    ]
    return [sum(low << lane for lane, low in enumerate(each)) for each in lanes]


def is_low(prefix: bytes, nonce: int, version: int) -> bool:
    header = version.to_bytes(4, "little") + prefix[4:] + nonce.to_bytes(4, "little")
    return int.from_bytes(sha256d(header), "little") <= MAX_TARGET >> 3


@pytest.mark.parametrize("versions", [(1,), (1, 0x20000000), tuple(range(16))])
@pytest.mark.parametrize("first", [0, 12345, (1 << 32) - LANES])
def test_masks_are_the_hashes_with_no_bit_above_the_target_s(
    program: Program, versions: tuple[int, ...], first: int
) -> None:
    prefix = bytes(range(100, 176))
    expected = expected_masks(prefix, versions, first)
    assert batch_masks(program, prefix, versions, first) == expected


@pytest.mark.parametrize(("name", "header"), KNOWN_HEADERS[:3])
def test_stops_at_the_batch_of_a_known_nonce(program: Program, name: str, header: bytes) -> None:
    nonce, version = int.from_bytes(header[76:], "little"), int.from_bytes(header[:4], "little")
    memory, masks = program.prepared(header[:76], (version,), 1 << 220), room(1)
    first = nonce - 3 * LANES - 2
    result = program.search(memory, masks, first, nonce + 1000, cancel_word())
    assert result == (CANDIDATES, nonce - 2)
    assert masks[0] == 1 << 2


def test_a_range_without_candidates_is_done(program: Program) -> None:
    memory = program.prepared(bytes(76), (1,), 0)
    assert program.search(memory, room(1), 0, 100, cancel_word()) == (DONE, 100)
    assert program.search(memory, room(1), 100, 100, cancel_word()) == (DONE, 100)


def test_a_set_cancel_word_stops_before_the_first_batch(program: Program) -> None:
    memory = program.prepared(bytes(76), (1,), MAX_TARGET)
    assert program.search(memory, room(1), 5, 100, cancel_word(1)) == (CANCELLED, 5)


def test_another_emitted_constant_is_another_kernel_with_another_key(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Numba sees no change in what an intrinsic emits; this kernel is wrong, and must look so."""
    right, constant = emitted(host_set()).key, text._constant
    monkeypatch.setattr(text, "_constant", lambda n, lanes: constant(n ^ (n == K[20]), lanes))
    assert emitted(host_set()).key != right
    source = emitted(host_set())
    mutant = Program(source, numba_search.compiled(source))
    prefix, versions = bytes(range(76)), (1, 2)
    assert batch_masks(mutant, prefix, versions, 0) != expected_masks(prefix, versions, 0)
    assert batch_masks(program, prefix, versions, 0) == expected_masks(prefix, versions, 0)
    monkeypatch.undo()
    assert emitted(host_set()).key == right


@pytest.mark.parametrize("name", ["triple", "cpu", "features"])
def test_another_cpu_has_another_key(name: str) -> None:
    source = emitted(host_set())
    other = replace(source, host=replace(source.host, **{name: "other"}))
    assert other.key != source.key


def test_the_object_file_needs_no_function_of_anybody(code: bytes, tmp_path: Path) -> None:
    """One that is missing when it is loaded would end the process."""
    if shutil.which("nm") is None:
        pytest.skip("no nm")
    _, _, binary = code.partition(b"\n")
    (tmp_path / "search.o").write_bytes(binary)
    listed = subprocess.run(
        ["nm", "--undefined-only", tmp_path / "search.o"], capture_output=True, check=True
    )
    assert listed.stdout == b""


PROVE = """
from stampmill.core import selftest
from stampmill.core.backends.numba_cpu import NumbaKernel
kernel = NumbaKernel(None)
selftest.prove(kernel)
print(kernel.lanes, kernel.instruction_set)
"""


@pytest.mark.skipif(platform.machine() not in {"x86_64", "AMD64"}, reason="an x86 CPU's features")
@pytest.mark.parametrize(
    ("features", "kernel"), [("+avx2,-avx512f", "8 avx2"), ("-avx2,-avx512f", "4 sse2")]
)
def test_a_cpu_with_narrower_vectors_has_its_own_kernel(features: str, kernel: str) -> None:
    cpu = {"NUMBA_CPU_NAME": "x86-64", "NUMBA_CPU_FEATURES": f"+sse2,{features}"}
    if "+avx2" in features and host_set().lanes < 8:
        pytest.skip("this CPU has no AVX2")
    command = [sys.executable, "-P", "-c", PROVE]
    done = subprocess.run(
        command, env=os.environ | cpu, capture_output=True, text=True, timeout=100, check=False
    )
    assert (done.stdout.strip(), done.returncode) == (kernel, 0), done.stderr


def test_the_users_choice_of_numbas_settings_is_kept(program: Program) -> None:
    assert numba_search._config.OPT != 1
    assert not numba_search._definitions


def test_imports_nothing_of_stampmill_but_its_own_folder() -> None:
    folder = Path(str(numba_search.__file__)).parent.parent
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [a.name for a in node.names] if isinstance(node, ast.Import) else []
            for name in names:
                assert not name.startswith("stampmill") or name.startswith("stampmill.kernels")
                assert name.split(".")[0] in {"stampmill", "numba", "numpy", "llvmlite"} | set(
                    sys.stdlib_module_names
                )
