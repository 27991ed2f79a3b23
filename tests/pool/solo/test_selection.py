import pytest

from stampmill.pool.solo.selection import LAG_SECONDS, STABLE_SECONDS, NodeView, choose

NOW = 1000.0
WELL = NodeView(height=100, well_since=0.0, tip_at=900.0)
FAILING = NodeView(height=100, well_since=None, tip_at=900.0)
BACK = NodeView(height=100, well_since=NOW - STABLE_SECONDS + 1, tip_at=900.0)
STABLE = NodeView(height=100, well_since=NOW - STABLE_SECONDS, tip_at=900.0)
AHEAD = NodeView(height=101, well_since=0.0, tip_at=NOW - LAG_SECONDS - 1)
JUST_AHEAD = NodeView(height=101, well_since=0.0, tip_at=NOW - LAG_SECONDS)


@pytest.mark.parametrize(
    ("views", "active", "chosen"),
    [
        ([], None, None),
        ([FAILING, FAILING], None, None),
        ([FAILING, FAILING], 0, None),
        ([WELL, WELL], None, 0),
        ([FAILING, WELL], None, 1),
        ([BACK, WELL], None, 0),
        ([FAILING, WELL], 0, 1),
        ([BACK, WELL], 1, 1),
        ([STABLE, WELL], 1, 0),
        ([BACK, STABLE, WELL], 2, 1),
        ([WELL, WELL, WELL], 1, 0),
        ([WELL, AHEAD], 0, 1),
        ([WELL, JUST_AHEAD], 0, 0),
        ([WELL, FAILING], 1, 0),
        ([BACK, FAILING], 1, 0),
        ([WELL, NodeView(101, None, 0.0)], 0, 0),
    ],
)
def test_choice(views: list[NodeView], active: int | None, chosen: int | None) -> None:
    assert choose(views, active, NOW) == chosen
