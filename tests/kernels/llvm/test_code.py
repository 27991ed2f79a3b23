"""LLVM IR for each instruction set, checked by LLVM itself; other tests run it."""

from itertools import pairwise
from typing import Any

import pytest

from stampmill.kernels.counts import MAX_VERSIONS, operations
from stampmill.kernels.llvm.code import functions
from stampmill.kernels.llvm.layout import Place, layout
from stampmill.kernels.lower import lowered
from stampmill.kernels.sets import SETS, InstructionSet

llvm: Any = pytest.importorskip("llvmlite.binding", reason="needs the extra 'numba'")

every_set = pytest.mark.parametrize("row", SETS, ids=lambda row: row.name)


@every_set
def test_each_function_stands_alone_and_is_valid(row: InstructionSet) -> None:
    for name, text in functions(row).items():
        module = llvm.parse_assembly(text)
        module.verify()
        assert [each.name for each in module.functions if not each.is_declaration] == [name]


@every_set
def test_functions_do_the_operations_that_are_counted(row: InstructionSet) -> None:
    texts, vector = functions(row), f"<{row.lanes} x i32>"
    adds = texts["sm_alone"].count(f" = add {vector}")
    assert adds == operations(row.name).by_name["add"] + 1  # one counts the nonces up
    shared = texts["sm_schedule"].count(f" = add {vector}")
    assert texts["sm_step"].count(f" = add {vector}") + shared == adds


@every_set
def test_places_lie_apart_and_vectors_on_their_size(row: InstructionSet) -> None:
    places = layout(row, lowered(row.has))
    inputs = [x for name, each in places.inputs.items() if name != "window" for x in each]
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
