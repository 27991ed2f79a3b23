"""Machine code as text: blocks, loops, and what of it every pass through the search loop runs.

A hit is rare: of the ways through a loop the shortest is the one that counts.
"""

import heapq
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from stampmill.core.errors import StampmillError

MOST_OF_IT = 0.8
"""Of a loop's instructions, that are on its shortest way: else it has alternatives, not hits."""
_SMALL = 16
"""Instructions of a loop that reports a hit, at the most."""


class CountError(StampmillError):
    """The code is not what was expected, so a count would say nothing."""


@dataclass(frozen=True, slots=True)
class Instruction:
    """An operation, and where it may go on: at a label, at the next one, or at both."""

    name: str
    target: str = ""
    falls_through: bool = True


@dataclass(slots=True)
class Block:
    """Instructions that are run one after the other."""

    instructions: list[Instruction] = field(default_factory=list)
    next: set[int] = field(default_factory=set)


# NVIDIA's disassembler: /*0a30*/ @!P0 BRA `(.L_x_1) ;
_SASS = re.compile(r"^\s*/\*[0-9a-f]{4,}\*/\s+(@!?U?P\w+\s+)?([A-Z][A-Z0-9_.]*)([^;]*);")
_SASS_LABEL = re.compile(r"^(\.L_[\w.]+):")
_SASS_TARGET = re.compile(r"`\((\.L_[\w.]+)\)")
# clang's assembly for AMD: s_cbranch_scc1 .LBB0_3
_GCN = re.compile(r"^\s+([a-z]\w+)(?:\s+(\S.*))?$")
_GCN_LABEL = re.compile(r"^(\.LBB\w+):")


def sass(text: str) -> list[Block]:
    """Return the blocks of a disassembled kernel of NVIDIA's."""
    return _blocks(_sass_lines(text))


def gcn(text: str, kernel: str) -> list[Block]:
    """Return the blocks of a kernel in clang's assembly for AMD."""
    return _blocks(_gcn_lines(text, kernel))


def per_pass(blocks: Sequence[Block], turns: int) -> Counter[str]:
    """Return how often each operation is run in a pass through the search loop.

    `turns` is how often the loop in it, if it has one, is gone through. Raise CountError for code
    with other loops.
    """
    graph = {number: block.next for number, block in enumerate(blocks)}
    loops = [part for part in _cycles(graph) if _size(blocks, part) > _SMALL]
    if not loops:
        raise CountError("there is no search loop in the code")
    return _run(blocks, graph, max(loops, key=lambda part: _size(blocks, part)), [turns])


def _sass_lines(text: str) -> Iterator[str | Instruction]:
    for line in text.splitlines():
        if label := _SASS_LABEL.match(line):
            yield label[1]
        elif found := _SASS.match(line):
            predicate, name, rest = found.groups()
            # ptxas also jumps by a call that nothing returns from.
            jumps = name.startswith(("BRA", "CALL.REL.NOINC"))
            target = _SASS_TARGET.search(rest) if jumps else None
            conditional = bool(predicate) or bool(re.match(r"\s*!?U?P\d", rest))
            ends = jumps or name.startswith(("EXIT", "RET"))
            yield Instruction(name, target[1] if target else "", conditional or not ends)


def _gcn_lines(text: str, kernel: str) -> Iterator[str | Instruction]:
    body = text.partition(f"\n{kernel}:")[2].partition("\n.Lfunc_end")[0]
    for line in body.splitlines():
        code = line.partition(";")[0].rstrip()
        if label := _GCN_LABEL.match(code):
            yield label[1]
        elif found := _GCN.match(code):
            name, rest = found[1], found[2] or ""
            branches = name.startswith(("s_branch", "s_cbranch"))
            ends = name in {"s_branch", "s_endpgm", "s_setpc_b64"}
            yield Instruction(name, rest if branches else "", not ends)


def _blocks(lines: Iterator[str | Instruction]) -> list[Block]:
    blocks, labels = [Block()], {}
    for line in lines:
        if isinstance(line, str):
            if blocks[-1].instructions:
                blocks.append(Block())
            labels[line] = len(blocks) - 1
            continue
        blocks[-1].instructions.append(line)
        if line.target or not line.falls_through:
            blocks.append(Block())
    for number, block in enumerate(blocks):
        last = block.instructions[-1] if block.instructions else Instruction("")
        if last.falls_through and number + 1 < len(blocks):
            block.next.add(number + 1)
        if last.target in labels:
            block.next.add(labels[last.target])
    return blocks


def _run(
    blocks: Sequence[Block], graph: Mapping[int, set[int]], loop: set[int], turns: list[int]
) -> Counter[str]:
    """Count the shortest way through a loop; inner loops are one step, run so many times."""
    entries = [b for a, nexts in graph.items() if a not in loop for b in nexts if b in loop]
    if len(set(entries)) != 1:
        raise CountError("a loop is entered at more than one place")
    head = entries[0]
    inside = {block: (graph[block] & loop) - {head} for block in loop}
    steps = {block: Counter(each.name for each in blocks[block].instructions) for block in loop}
    stops = [head]
    for inner in _cycles(inside):
        if _size(blocks, inner) <= _SMALL:
            continue  # a loop over the lanes, behind a hit
        if not turns or turns[0] < 2 or len(stops) > 1:
            raise CountError("there is a loop inside the search loop that nobody knows of")
        once = _run(blocks, inside, inner, turns[1:])
        # The loop becomes its head, from where it is left; a way past it is for no turns at all.
        first = next(
            b for a, nexts in inside.items() if a not in inner for b in nexts if b in inner
        )
        inside[first] = {b for a in inner for b in inside[a]} - inner
        steps[first] = Counter({name: count * turns[0] for name, count in once.items()})
        stops.append(first)
    sizes = {block: step.total() for block, step in steps.items()}
    ends = {block for block in loop if head in graph[block]}
    ways = [_shortest(inside, sizes, a, {b}) for a, b in pairwise(stops)]
    ways.append(_shortest(inside, sizes, stops[-1], ends))
    way = dict.fromkeys(block for part in ways for block in part)
    return sum((steps[block] for block in way), Counter())


def _shortest(
    graph: Mapping[int, set[int]], sizes: Mapping[int, int], start: int, ends: set[int]
) -> list[int]:
    queue = [(sizes[start], start, [start])]
    seen: set[int] = set()
    while queue:
        length, block, way = heapq.heappop(queue)
        if block in ends:
            return way
        if block not in seen:
            seen.add(block)
            for each in graph[block]:
                heapq.heappush(queue, (length + sizes[each], each, [*way, each]))
    raise CountError("a loop has no way round")


def _cycles(graph: Mapping[int, set[int]]) -> list[set[int]]:
    """Return the sets of blocks that reach each other: the outermost loops."""
    reach = {block: _reachable(graph, block) for block in graph}
    found: list[set[int]] = []
    for block in graph:
        if block in reach[block] and not any(block in part for part in found):
            found.append({each for each in reach[block] if block in reach[each]})
    return found


def _reachable(graph: Mapping[int, set[int]], start: int) -> set[int]:
    seen: set[int] = set()
    todo = list(graph[start])
    while todo:
        block = todo.pop()
        if block not in seen and block in graph:
            seen.add(block)
            todo += graph[block]
    return seen


def _size(blocks: Sequence[Block], part: set[int]) -> int:
    return sum(len(blocks[block].instructions) for block in part)
