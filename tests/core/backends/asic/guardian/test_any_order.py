"""Whatever a miner orders, and whatever breaks meanwhile: the rules hold, and the end is cold."""

from hypothesis import given, settings
from hypothesis import strategies as st

from stampmill.core.backends.asic.control.replies import Variant
from stampmill.core.backends.asic.guardian.messages import (
    Choose,
    Order,
    PowerUp,
    Reset,
    SetVolts,
    Stop,
)
from stampmill.core.emulator.peripherals.faults import PowerFault
from tests.core.backends.asic.guardian.bench import Bench

END = 60.0
HEALED = 45.0
"""From here on nothing is broken, or the end could not be made cold."""

moments = st.floats(0, HEALED)
ids = st.integers(1, 100)
orders: st.SearchStrategy[Order] = st.one_of(
    st.builds(PowerUp, ids, st.booleans()),
    st.builds(Choose, ids, st.sampled_from([0x1370, 0x1368, 0x1397])),
    st.builds(SetVolts, ids, st.floats(0.5, 2.5)),
    st.builds(Reset, ids, st.booleans()),
    st.builds(Stop, ids),
)
breakages = st.tuples(moments, st.sampled_from(PowerFault), st.floats(0.1, 20))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(moments, orders), max_size=12),
    st.lists(breakages, max_size=3),
    st.sampled_from(Variant),
)
def test_the_rules_hold(
    script: list[tuple[float, Order]],
    broken: list[tuple[float, PowerFault, float]],
    variant: Variant,
) -> None:
    bench = Bench((0.0, PowerUp(0)), (2.5, Reset(0, True)), *script, seconds=END, variant=variant)
    faults = bench.board.faults
    for at, fault, seconds in broken:
        bench.at(at, lambda fault=fault: faults.add(fault))  # type: ignore[misc]
        bench.at(min(at + seconds, HEALED), lambda fault=fault: faults.discard(fault))  # type: ignore[misc]
    bench.at(HEALED, faults.clear)
    bench.run()
    assert bench.board.is_cold
    assert bench.board.violations == []
