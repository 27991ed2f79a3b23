"""How likely chance alone makes what was counted: bounds that are never too small.

They are Chernoff's (H. Chernoff, Ann. Math. Statist. 23, 1952), as natural logarithms of one in
so many: an evidence of 9.2 says that chance does it at most once in 10,000 looks. Without a sum
over all cases, and exact where nothing was counted at all.
"""

import math

CERTAIN = math.log(10_000)
"""Enough to raise an alert."""
LIKELY = math.log(20)
"""Enough to take one back."""


def fewer(count: int, expected: float) -> float:
    """Return the evidence that a Poisson process with this mean does not bring so few."""
    return _poisson(count, expected) if count < expected else 0.0


def more(count: int, expected: float) -> float:
    """Return the evidence that a Poisson process with this mean does not bring so many."""
    return _poisson(count, expected) if count > expected else 0.0


def oftener(hits: int, tries: int, ratio: float) -> float:
    """Return the evidence that something of this probability does not happen so often."""
    if hits <= ratio * tries:
        return 0.0
    part = hits / tries
    rest = (1 - part) * math.log((1 - part) / (1 - ratio)) if hits < tries else 0.0
    return tries * (part * math.log(part / ratio) + rest)


def at_least(hits: int, tries: int, evidence: float = CERTAIN) -> float:
    """Return the probability that is surely surpassed: the highest with so much evidence."""
    low, high = 0.0, hits / tries
    for _ in range(40):
        middle = (low + high) / 2
        if middle > 0 and oftener(hits, tries, middle) < evidence:
            high = middle
        else:
            low = middle
    return low


def ranked_low(below: int, all_of_them: int, latest: int) -> float:
    """Return the evidence that the latest values are not all among the lowest by chance.

    `below` is how many of all values are as low as the latest ones are, themselves included.
    Exact, if any order of the values is as likely as another.
    """
    return math.log(math.comb(all_of_them, latest)) - math.log(math.comb(below, latest))


def one_in(evidence: float) -> str:
    """Return what an evidence says, for people."""
    return (
        "less than 1 in a million"
        if evidence > math.log(1e6)
        else f"1 in {math.exp(evidence):,.0f}"
    )


def _poisson(count: int, expected: float) -> float:
    return expected - count + (count * math.log(count / expected) if count else 0.0)
