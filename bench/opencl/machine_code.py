"""Machine code as text: which instructions every pass through the search loop runs.

A hit is rare: of the ways through a loop the shortest is the one that counts.
"""

import re
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from stampmill.core.errors import StampmillError

_SMALL = 16  # instructions of a loop that reports a hit, at the most
_HITS = 0.2  # of a loop, that reporting hits may add to it: more is another loop


class CountError(StampmillError):
    """The code is not what was expected, so a count would say nothing."""


class Code(NamedTuple):
    """Instructions by their numbers: names, and which ones may come next."""

    names: list[str]
    next: list[list[int]]


# An instruction: its name, a label it may jump to, and whether it may go on to the next one.
_Read = tuple[str, str, bool]

# NVIDIA's disassembler: /*0a30*/ @!P0 BRA `(.L_x_1) ;
_SASS = re.compile(r"^\s*/\*[0-9a-f]{4,}\*/\s+(@!?U?P\w+\s+)?([A-Z][A-Z0-9_.]*)([^;]*);")
# clang's assembly for AMD: s_cbranch_scc1 .LBB0_3
_GCN = re.compile(r"^\s+([a-z]\w+)(?:\s+([^\s;]\S*))?")
_LABEL = re.compile(r"^(\.L[\w.]+):")


def sass(text: str) -> Code:
    """Return the code of a disassembled kernel of NVIDIA's."""
    return _code(text, _SASS, _of_sass)


def gcn(text: str, kernel: str) -> Code:
    """Return the code of a kernel in clang's assembly for AMD."""
    body = text.partition(f"\n{kernel}:")[2].partition("\n.Lfunc_end")[0]
    return _code(body, _GCN, _of_gcn)


def per_pass(code: Code, turns: int) -> Counter[str]:
    """Return how often each operation is run in a pass through the search loop.

    `turns` is how often the loop in it, if it has one, is gone through. Raise CountError for code
    with other loops.
    """
    jumps = {x for number, row in enumerate(code.next, 1) for x in row if x != number}
    ways = [_way(code, head, head) for head in sorted(jumps)]
    loops = [way for way in ways if len(way) > _SMALL]
    if not loops:
        raise CountError("there is no search loop in the code")
    inner = min(loops, key=len)
    # Not the other loop's own shortest way, which may pass by this one, for no turns at all.
    around = [
        there + back
        for each in jumps - set(inner)
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
        news = [each for each in code.next[number] if each not in before]
        before |= dict.fromkeys(news, number)
        reached += news
    way = [before[end]] if end in before else []
    while way and way[-1] != start:
        way.append(before[way[-1]])
    return way[::-1]


def _code(text: str, form: re.Pattern[str], read: Callable[[re.Match[str]], _Read]) -> Code:
    found: list[_Read] = []
    labels: dict[str, list[int]] = {}
    for line in text.splitlines():
        if label := _LABEL.match(line):
            labels[label[1]] = [len(found)]
        elif matched := form.match(line):
            found.append(read(matched))
    following = [
        [number] * (goes_on and number < len(found)) + labels.get(target, [])
        for number, (_, target, goes_on) in enumerate(found, 1)
    ]
    return Code([name for name, _, _ in found], following)


def _of_sass(found: re.Match[str]) -> _Read:
    predicate, name, rest = found.groups()
    # ptxas also jumps by a call that nothing returns from.
    jumps = name.startswith(("BRA", "CALL.REL.NOINC"))
    target = re.search(r"`\((\.L_[\w.]+)\)", rest) if jumps else None
    conditional = bool(predicate) or bool(re.match(r"\s*!?U?P\d", rest))
    ends = jumps or name.startswith(("EXIT", "RET"))
    return name, target[1] if target else "", conditional or not ends


def _of_gcn(found: re.Match[str]) -> _Read:
    name, rest = found[1], found[2] or ""
    ends = name in {"s_branch", "s_endpgm", "s_setpc_b64"}
    return name, rest if "branch" in name else "", not ends
