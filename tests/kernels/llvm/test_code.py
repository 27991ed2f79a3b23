"""LLVM IR for each instruction set, checked by LLVM itself; other tests run it."""

from itertools import pairwise
from typing import Any

import pytest

from stampmill.kernels.counts import MAX_VERSIONS, operations
from stampmill.kernels.llvm.code import functions
from stampmill.kernels.llvm.layout import Place, layout
from stampmill.kernels.lower import lowered
from stampmill.kernels.rolled import ROUNDS, first_hash, second_hash
from stampmill.kernels.sets import SETS, InstructionSet

llvm: Any = pytest.importorskip("llvmlite.binding", reason="needs the extra 'numba'")

every_set = pytest.mark.parametrize("row", SETS, ids=lambda row: row.name)


@every_set
def test_functions_are_valid_and_call_each_other_at_most(row: InstructionSet) -> None:
    texts = functions(row)
    module = llvm.parse_assembly("\n".join(texts.values()))
    module.verify()
    defined = {each.name for each in module.functions if not each.is_declaration}
    declared = {each.name for each in module.functions if each.is_declaration}
    assert defined == set(texts)
    assert all(name.startswith("llvm.") for name in declared)


@pytest.mark.parametrize("row", [row for row in SETS if not row.rolled], ids=lambda row: row.name)
def test_functions_do_the_operations_that_are_counted(row: InstructionSet) -> None:
    texts = functions(row)
    assert adds(row, texts["sm_alone"]) == operations(row.name).by_name["add"] + 1
    shared = adds(row, texts["sm_schedule"])
    assert adds(row, texts["sm_step"]) + shared == operations(row.name).by_name["add"] + 1


@pytest.mark.parametrize("row", [row for row in SETS if row.rolled], ids=lambda row: row.name)
def test_loops_do_the_operations_that_are_counted(row: InstructionSet) -> None:
    """A turn, emitted once, is done for each eight rounds; each round has six sums."""
    texts, search = functions(row), lowered(row.has)
    turns = first_hash(search).turns, second_hash(search).turns
    more = sum(6 * ROUNDS * (each - 1) for each in turns)
    emitted = adds(row, texts["sm_step"]) + adds(row, texts["sm_schedule"])
    assert emitted + more == operations(row.name).by_name["add"] + 1


def adds(row: InstructionSet, text: str) -> int:
    """Count sums on lanes; one of them counts the nonces up."""
    return text.count(f" = add <{row.lanes} x i32>")


@every_set
def test_places_lie_apart_and_vectors_on_their_size(row: InstructionSet) -> None:
    places = layout(row, lowered(row.has))
    inputs = [x for name, each in places.inputs.items() if name != "window" for x in each]
    inputs += [place for words in places.kw[1:] for place in words.values()]
    ends = []
    for place in [*inputs, *places.work.values(), *places.version.values()]:
        assert place.offset % place.lanes == 0
        ends += [(x.offset, x.offset + x.lanes) for x in _all_of(place)]
    assert all(before[1] <= after[0] for before, after in pairwise(sorted(ends)))
    assert max(end for _, end in ends) <= places.size


def _all_of(place: Place) -> list[Place]:
    """A place for each version; with a stride of a word each number has its own already."""
    if place.stride <= 1:
        return [place]
    offsets = [place.offset + i * place.stride for i in range(MAX_VERSIONS)]
    return [Place(offset, place.lanes) for offset in offsets]
