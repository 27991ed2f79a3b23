"""Generated kernels with one number wrong."""

import random

from stampmill.kernels.c.code import source
from stampmill.kernels.evaluate import Mutant, mutants
from stampmill.kernels.graph import Graph, Node, Op, lanes, reach
from stampmill.kernels.lower import lowered
from stampmill.kernels.rolled import first_hash, second_hash
from stampmill.kernels.search import Search
from stampmill.kernels.sets import InstructionSet


def mutant_source(row: InstructionSet) -> str:
    """The set's kernel with some constant or shift wrong, each time the same one."""
    search = lowered(row.has, in_place=row.in_place)
    possible = list(mutants(written(row, search)))
    return source(row, search=changed(search, random.Random(row.name).choice(possible)))


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
