"""Machine code as text: which instructions every pass through the search loop runs.

A hit is rare: of the ways through a loop the shortest is the one that counts.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from stampmill.core.errors import StampmillError

_SMALL = 16
"""Instructions of a loop that reports a hit, at the most."""
_HITS = 0.2
"""Of a loop, that reporting hits may add to it: more is another loop."""


class CountError(StampmillError):
    """The code is not what was expected, so a count would say nothing."""


@dataclass(frozen=True, slots=True)
class Instruction:
    """An operation, and where it may go on: at a label, at the next one, or at both."""

    name: str
    target: str = ""
    falls_through: bool = True


@dataclass(frozen=True, slots=True)
class Code:
    """Instructions by their numbers: names, which ones may come next, and those jumped to."""

    names: list[str]
    next: list[list[int]]
    jumped_to: list[int]


# NVIDIA's disassembler: /*0a30*/ @!P0 BRA `(.L_x_1) ;
_SASS = re.compile(r"^\s*/\*[0-9a-f]{4,}\*/\s+(@!?U?P\w+\s+)?([A-Z][A-Z0-9_.]*)([^;]*);")
_SASS_LABEL = re.compile(r"^(\.L_[\w.]+):")
_SASS_TARGET = re.compile(r"`\((\.L_[\w.]+)\)")
# clang's assembly for AMD: s_cbranch_scc1 .LBB0_3
_GCN = re.compile(r"^\s+([a-z]\w+)(?:\s+(\S.*))?$")
_GCN_LABEL = re.compile(r"^(\.LBB\w+):")


def sass(text: str) -> Code:
    """Return the code of a disassembled kernel of NVIDIA's."""
    return _code(_sass_lines(text))


def gcn(text: str, kernel: str) -> Code:
    """Return the code of a kernel in clang's assembly for AMD."""
    return _code(_gcn_lines(text, kernel))


def per_pass(code: Code, turns: int) -> Counter[str]:
    """Return how often each operation is run in a pass through the search loop.

    `turns` is how often the loop in it, if it has one, is gone through. Raise CountError for code
    with other loops.
    """
    ways = [_way(code, head, head) for head in code.jumped_to]
    loops = [way for way in ways if len(way) > _SMALL]
    if not loops:
        raise CountError("there is no search loop in the code")
    inner = min(loops, key=len)
    # Not the other loop's own shortest way, which may pass by this one, for no turns at all.
    around = [
        there + back
        for each in set(code.jumped_to) - set(inner)
        if (there := _way(code, inner[0], each)) and (back := _way(code, each, inner[0]))
    ]
    longer = [way for way in around if len(way) > (1 + _HITS) * len(inner)]
    if bool(longer) != (turns > 1):
        raise CountError("there is a loop inside the search loop that nobody knows of")
    outer = min(longer, key=len, default=inner)
    return Counter(code.names[each] for each in outer + (turns - 1) * inner)


def _way(code: Code, start: int, end: int) -> list[int]:
    """Return the fewest instructions from one, which is the first, to before another; or none."""
    before: dict[int, int] = {}
    reached = [start]
    for number in reached:  # grows meanwhile
        for each in code.next[number]:
            if each not in before:
                before[each] = number
                reached.append(each)
    if end not in before:
        return []
    way = [before[end]]
    while way[-1] != start:
        way.append(before[way[-1]])
    return way[::-1]


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


def _code(lines: Iterator[str | Instruction]) -> Code:
    instructions: list[Instruction] = []
    labels: dict[str, int] = {}
    for line in lines:
        if isinstance(line, str):
            labels[line] = len(instructions)
        else:
            instructions.append(line)
    following: list[list[int]] = []
    for number, one in enumerate(instructions, 1):
        goes_on = one.falls_through and number < len(instructions)
        jumps = [labels[one.target]] if one.target in labels else []
        following.append([number] * goes_on + jumps)
    jumped_to = {labels[one.target] for one in instructions if one.target in labels}
    return Code([one.name for one in instructions], following, sorted(jumped_to))
