"""Generated C: it compiles without a warning, and a kernel with one wrong number is noticed."""

import os
import platform
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from stampmill.core import native
from stampmill.core.errors import VerificationError
from stampmill.kernels.c_code import source
from stampmill.kernels.errors import GeneratorError
from stampmill.kernels.evaluate import Mutant, mutants
from stampmill.kernels.generate import write_kernel
from stampmill.kernels.graph import Graph, Node, Op, lanes, reach
from stampmill.kernels.lower import lowered
from stampmill.kernels.rolled import first_hash, second_hash
from stampmill.kernels.search import Search
from stampmill.kernels.sets import InstructionSet, instruction_set

from .test_driver import COMPILER, ROOT, SETS

IS_X86 = platform.machine() in {"x86_64", "i386", "i686"}
COMPILERS = {"gcc": shutil.which("gcc"), "clang": next(
    filter(None, map(shutil.which, ["clang", "clang-19", "clang-16", "clang-14"])), None
)}  # fmt: skip
EXPORT = "const sm_kernel *stampmill_kernel(void) {{ return &sm_kernel_{}; }}\n"

pytestmark = pytest.mark.skipif(not IS_X86, reason="the sets of other processors are cross-tested")
generated = pytest.mark.parametrize("name", ["avx512", "avx2", "sse2"])


def changed(search: Search, mutant: Mutant) -> Search:
    """The search with one number wrong, as a graph of its own."""
    graph, known = Graph(), dict[Node, Node]()
    kw = [*search.schedule, *search.first_kw, *search.second_kw]
    for node in reach([*kw, *search.digest, search.clear]):
        read = {x: known[x] for x in node.operands}
        if mutant.user is node:
            read[mutant.node] = graph.constant(mutant.number)
        number = mutant.number if mutant == Mutant(node, mutant.number) else node.number
        known[node] = copied(graph, node, [read[x] for x in node.operands], number)
    names = ("schedule", "digest", "digest_schedule", "first", "second", "first_kw", "second_kw")
    parts = [tuple([known[node] for node in getattr(search, name)]) for name in names]
    return Search(graph, *parts, known[search.last], known[search.clear])


def copied(graph: Graph, node: Node, operands: list[Node], number: int) -> Node:
    if node.op is Op.CONSTANT:
        return graph.constant(number)
    if node.op is Op.INPUT:
        return graph.input(node.name, number, node.scope)
    return graph.apply(node.op, *operands, number=number)


def written(row: InstructionSet, search: Search) -> list[Node]:
    """What the source has: of the rounds of a loop, those of one turn."""
    if not row.rolled:
        return list(lanes(reach([*search.schedule, *search.digest, search.clear])))
    hashes = first_hash(search), second_hash(search)
    return [node for rolled in hashes for node in (*rolled.head, *rolled.body, *rolled.foot)]


def shared_object(name: str, text: str, folder: Path) -> Path:
    """Compile a kernel's source into a shared object that exports it."""
    path = folder / f"{name}.so"
    code = path.with_suffix(".c")
    code.write_text(text + EXPORT.format(name))
    support = folder / "cpu.c"
    support.write_text((ROOT / "csrc/cpu.c").read_text())
    flags = ["-std=c11", "-O1", "-shared", "-fPIC", f"-I{ROOT / 'csrc'}", *SETS[name]]
    built = subprocess.run(
        [*COMPILER, *flags, "-w", str(code), str(support), "-o", str(path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    return path


@generated
def test_kernel_with_one_wrong_number_fails_its_self_test(name: str, tmp_path: Path) -> None:
    if not native.available():
        pytest.skip(native.why_unavailable())
    info = next((info for info in native.kernels() if info.name == name), None)
    if info is None or not info.supported:
        pytest.skip(info.why_not if info else "the C compiler lacks this set")
    row = instruction_set(name)
    search = lowered(row.has)
    right = tmp_path / "right"
    right.mkdir()
    assert native.load(str(shared_object(name, source(row), right))).name == name
    mutant = changed(search, random.Random(name).choice(list(mutants(written(row, search)))))
    path = shared_object(name, source(row, search=mutant), tmp_path)
    with pytest.raises(VerificationError, match="fails its self-test"):
        native.load(str(path))


@generated
@pytest.mark.parametrize("compiler", COMPILERS)
def test_no_compiler_warns(name: str, compiler: str, tmp_path: Path) -> None:
    command = COMPILERS[compiler]
    if command is None:
        pytest.skip(f"no {compiler}")
    flags = ["-std=c11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", f"-I{ROOT / 'csrc'}"]
    code = write_kernel(name, tmp_path)
    built = subprocess.run(
        [command, *flags, *SETS[name], str(code)], capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stderr


def test_same_source_is_not_written_twice(tmp_path: Path) -> None:
    path = write_kernel("sse2", tmp_path)
    os.utime(path, (1, 1))
    assert write_kernel("sse2", tmp_path).stat().st_mtime == 1
    path.write_text("something else")
    assert write_kernel("sse2", tmp_path).read_text() == source(instruction_set("sse2"))


def test_unknown_kernel_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(GeneratorError, match="'altivec'"):
        write_kernel("altivec", tmp_path)
