"""LLVM IR of one vector kernel, from a row of sets.py.

Every function has the type `i32 (ptr memory, i64 number)`, where the memory holds all that a search
knows (layout.py):

    sm_begin       begins to hash the header's first 64 bytes, under the version with this number
    sm_round       does the round with this number, 0 to 63, of that hash
    sm_version     ends it, and prepares what is the same for all nonces
    sm_work        prepares what is the same for all versions as well; of any number
    sm_schedule    makes the schedule of a batch of nonces, from the number on
    sm_step        does the first hash of this batch under a version, and the second hash of the
                   digest that the step before left; returns the lanes, as bits, that may hold a hit
    sm_alone       does both for version 0, on the batch from the number on
    sm_peek        returns the memory's first word as it is now, whoever wrote it

The two hashes of a step wait for each other nowhere, and run side by side. With one version so does
the schedule, which is a long chain. With more versions that body and the step's together would not
fit the first cache for code. Where an instruction set's rounds are loops (kernels/rolled.py), a CPU
alone does the two side by side, as far as it looks ahead. Needs LLVM 20 or newer.
"""

from collections.abc import Iterator

from stampmill.kernels.graph import Graph, Node, Scope, reach
from stampmill.kernels.listing import Chain, Weave, chain, pipelined
from stampmill.kernels.llvm.layout import Layout, layout
from stampmill.kernels.llvm.rolled import rolled_step
from stampmill.kernels.llvm.text import Function
from stampmill.kernels.lower import lowered
from stampmill.kernels.search import Search
from stampmill.kernels.sets import InstructionSet
from stampmill.kernels.sha256 import State, initial_state, next_word, start_round

_PEEK = """define internal i32 @sm_peek(ptr %memory, i64 %number) {
%word = load atomic i32, ptr %memory monotonic, align 4
ret i32 %word
}"""

# Where rounds are loops, a schedule of its own costs nothing, and one step is enough code.
_BOTH = """define internal i32 @sm_alone(ptr noalias %memory, i64 %number) {
%none = call i32 @sm_schedule(ptr %memory, i64 %number)
%mask = call i32 @sm_step(ptr %memory, i64 0)
ret i32 %mask
}"""


def functions(row: InstructionSet) -> dict[str, str]:
    """Return the definitions for an instruction set, by name."""
    search = lowered(row.has)
    places = layout(row, search)
    return {
        "sm_begin": _begin(places),
        "sm_round": _round(places),
        "sm_version": _version(places),
        "sm_work": _work(places),
        "sm_schedule": _schedule(places, search),
        "sm_step": rolled_step(places, search) if row.rolled else _step(places, search, row.weave),
        "sm_alone": _BOTH if row.rolled else _alone(places, search, row.weave),
        "sm_peek": _PEEK,
    }


def _begin(places: Layout) -> str:
    graph, code = Graph(), Function("sm_begin", places)
    block = [graph.input("block", i, Scope.VERSION) for i in range(16)]
    code.store(block, places.inputs["words"])
    code.store(initial_state(graph), places.inputs["state"])
    return code.text()


def _round(places: Layout) -> str:
    """Make the state behind the round, and the schedule's word of 16 rounds later."""
    graph, code = Graph(), Function("sm_round", places)
    words = [graph.input("window", i, Scope.VERSION) for i in range(16)]
    step = start_round(graph, _state(graph), graph.input("k", 0, Scope.WORK), words[0])
    made = [*step.next(), next_word(graph, words)]
    code.take(reach(made))
    code.store(made, [*places.inputs["state"], places.inputs["window"][16]])
    return code.text()


def _version(places: Layout) -> str:
    graph, code = Graph(), Function("sm_version", places)
    terms = zip(initial_state(graph), _state(graph), strict=True)
    midstate = [graph.add(before, after) for before, after in terms]
    code.take(midstate)
    code.store(midstate, places.inputs["midstate"])
    code.prepare(places.version)
    return code.text()


def _work(places: Layout) -> str:
    code = Function("sm_work", places)
    code.prepare(places.work)
    for words in places.kw:
        code.prepare({node: place for node, place in words.items() if node.scope < Scope.LANE})
    return code.text()


def _schedule(places: Layout, search: Search) -> str:
    code, nonce = Function("sm_schedule", places, places.lanes), _inputs(search, "nonce")
    code.count_up(*nonce)
    code.store(nonce, places.inputs["nonce"])
    kept = dict(zip(search.schedule, places.inputs["kw"], strict=True))
    for node in chain(search.schedule):
        code.take([node])
        if node in kept:
            code.store([node], [kept[node]])
    return code.text()


def _step(places: Layout, search: Search, weave: Weave) -> str:
    code = Function("sm_step", places, places.lanes)
    code.take(pipelined(search, weave))
    code.store(search.digest, places.inputs["digest"])
    return code.text(search.clear)


def _alone(places: Layout, search: Search, weave: Weave) -> str:
    code = Function("sm_alone", places, places.lanes, index="0")
    code.count_up(*_inputs(search, "nonce"))
    given = dict(zip(search.schedule, _inputs(search, "kw"), strict=True))
    for node in _with_schedule(pipelined(search, weave), search):
        code.take([node])
        if node in given:
            code.same(given[node], node)
    code.store(search.digest, places.inputs["digest"])
    return code.text(search.clear)


def _with_schedule(listing: Chain, search: Search) -> Iterator[Node]:
    """Put the schedule into a listing, each word where it is asked for."""
    ahead, made = iter(chain(search.schedule)), set[Node]()
    for node in listing:
        for word in (search.schedule[x.number] for x in node.operands if x.name == "kw"):
            while word not in made:
                made.add(each := next(ahead))
                yield each
        yield node


def _inputs(search: Search, name: str) -> list[Node]:
    nodes = reach([*search.schedule, *search.digest])
    return sorted((node for node in nodes if node.name == name), key=lambda node: node.number)


def _state(graph: Graph) -> State:
    a, b, c, d, e, f, g, h = (graph.input("state", i, Scope.VERSION) for i in range(8))
    return a, b, c, d, e, f, g, h
