"""What is said of stretches of being watched; the measuring itself runs in `test_parts`."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from stampmill.bench.pipeline import surfaces
from stampmill.bench.pipeline.targets import Outcome, Verdict
from stampmill.bench.processes.watched import BESIDE, MODES, Stretch

ROUNDS = 3


def said(
    switches: Mapping[str, Sequence[float]], loops: Mapping[str, float] | None = None
) -> dict[str, Outcome]:
    """Return the outcomes by their names, of modes with so much of a core for the loop."""
    one_of_each = {
        mode: Stretch(
            mode, 1.0, 2, 1000, 2.0, (loops or {}).get(mode, 0.01), [0.0004, 0.0015],
            list(switches.get(mode, (0.001,))),
        )
        for mode in MODES
    }  # fmt: skip
    stretches = [*one_of_each.values()] * ROUNDS
    beside = [asdict(one_of_each[mode]) for mode in BESIDE]
    result = {"resident": [1, 2], "asked": {}, "kernel": "none", "beside": [beside] * ROUNDS}
    return {one.target.name: one for one in surfaces._outcomes(result, stretches)}


def test_what_the_watcher_alone_does_to_job_switches_is_not_our_cost() -> None:
    slow = said({"often": (0.001, 0.03), "dummy": (0.001, 0.03)})["watched-switch"]
    assert (slow.value, slow.verdict) == (1.0, Verdict.MET)
    assert "often 1.000 / 30.000" in slow.detail
    ours = said({"often": (0.001, 0.003)})["watched-switch"]
    assert (ours.value, ours.verdict) == (3.0, Verdict.MISSED)


def test_a_stretch_without_a_job_switch_says_nothing() -> None:
    assert said({"dummy": ()})["watched-switch"].verdict is Verdict.UNMEASURED


def test_the_loop_is_reckoned_beyond_what_it_takes_unwatched() -> None:
    found = said({}, {"often": 0.05, "seldom": 0.015})
    assert round(found["watched-often-loop"].value or 0, 6) == 4.0
    assert found["watched-often-loop"].verdict is Verdict.MISSED
    assert round(found["watched-loop"].value or 0, 6) == 0.5
    assert round(found["watched-rate"].value or 0, 6) == round((1 - 0.025) / (1 - 0.005), 6)
    assert found["watched-rate"].verdict is Verdict.MISSED
    assert found["abused-rate"].value == 1.0
    assert round(found["watched-hold"].value or 0, 6) == 0.1
