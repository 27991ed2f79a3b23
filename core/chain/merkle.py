"""Merkle trees over transaction ids, all in internal byte order."""

from collections.abc import Sequence

from stampmill.core.chain.sha256d import sha256d


def root_from_branch(leaf: bytes, branch: Sequence[bytes]) -> bytes:
    """Return the root that the first leaf and its branch lead to."""
    root = leaf
    for sibling in branch:
        root = sha256d(root + sibling)
    return root


def branch_of_first(others: Sequence[bytes]) -> tuple[bytes, ...]:
    """Return the branch of leaf 0 in a tree whose remaining leaves are `others`."""
    branch: list[bytes] = []
    level = list(others)
    while level:
        branch.append(level[0])
        # Position 0 is ours and unknown, so the level's first full pair starts at its third place.
        level = _parents(level[1:])
    return tuple(branch)


def root(leaves: Sequence[bytes]) -> bytes:
    """Return the root of a whole tree with at least one leaf."""
    level = list(leaves)
    while len(level) > 1:
        level = _parents(level)
    return level[0]


def _parents(level: list[bytes]) -> list[bytes]:
    if len(level) % 2:
        level = [*level, level[-1]]
    return [sha256d(level[i] + level[i + 1]) for i in range(0, len(level), 2)]
