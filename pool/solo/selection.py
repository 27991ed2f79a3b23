"""Which of several nodes to mine on: the first that works, without going to and fro."""

from collections.abc import Sequence
from dataclasses import dataclass

STABLE_SECONDS = 30.0
"""How long a node must have answered again before it is taken back."""
LAG_SECONDS = 20.0
"""How long another node may know a higher block before ours counts as left behind."""


@dataclass(frozen=True, slots=True)
class NodeView:
    """A node as the choice sees it. Times are monotonic seconds.

    `well_since` is None while it fails; `tip_at` is when its tip was first seen.
    """

    height: int
    well_since: float | None
    tip_at: float


def choose(views: Sequence[NodeView], active: int | None, now: float) -> int | None:
    """Return the index of the node to mine on, None if none works.

    Nodes come in the user's order. One in front of the active is taken only when it has been well
    for a while; one that is behind another is passed over.
    """
    usable = [index for index, view in enumerate(views) if _is_usable(view, views, now)]
    if not usable:
        return None
    if active not in usable:
        return usable[0]
    stable = (
        index
        for index in usable
        if index <= active and (index == active or _is_stable(views[index], now))
    )
    return next(stable)


def _is_usable(view: NodeView, views: Sequence[NodeView], now: float) -> bool:
    if view.well_since is None:
        return False
    return not any(
        other.well_since is not None
        and other.height > view.height
        and now - other.tip_at > LAG_SECONDS
        for other in views
    )


def _is_stable(view: NodeView, now: float) -> bool:
    return view.well_since is not None and now - view.well_since >= STABLE_SECONDS
