"""The step of a kernel in LLVM IR where rounds are a loop (kernels/rolled.py)."""

from collections.abc import Mapping

from stampmill.kernels.graph import Node, Scope
from stampmill.kernels.listing import chain
from stampmill.kernels.llvm.layout import Layout, Place
from stampmill.kernels.llvm.text import Function
from stampmill.kernels.rolled import ROUNDS, Rolled, first_hash, second_hash
from stampmill.kernels.search import Search


def rolled_step(places: Layout, search: Search) -> str:
    """Return the function that does one first hash and, of the one before, the second hash."""
    code = Function("sm_step", places, places.lanes)
    first_kw, second_kw = places.kw
    made = {node: place for node, place in second_kw.items() if node.scope is Scope.LANE}
    code.take(chain(made))
    code.store([*made], [*made.values()])
    _hash(code, second_hash(search), second_kw)
    _hash(code, first_hash(search), first_kw)
    code.store(search.digest, places.inputs["digest"])
    return code.text(search.clear)


def _hash(code: Function, rolled: Rolled, kw: Mapping[Node, Place]) -> None:
    """Do the rounds of a hash; the first of `kw` is what its loop's first round adds."""
    places = [*kw.values()]
    code.take(rolled.head)
    code.loop(rolled, places[:ROUNDS])
    for node, t in rolled.foot_kw.items():
        code.load(node, places[t - rolled.begin])
    code.take(rolled.foot)
