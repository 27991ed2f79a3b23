import pytest

from stampmill.bench.boards import faults, load, parts, soak, switch
from stampmill.bench.pipeline.targets import Verdict
from stampmill.core import native
from stampmill.core.errors import UsageError

pytestmark = pytest.mark.skipif(not native.available(), reason=native.why_unavailable() or "built")


def by_name(finding):
    return {outcome.target.name: outcome for outcome in finding.outcomes}


def test_minutes_of_ten_boards_with_faults_leave_nothing_behind():
    found = by_name(soak.measure(0.1))
    assert {name: one.verdict for name, one in found.items()} == dict.fromkeys(
        [target.name for target in soak.TARGETS], Verdict.MET
    ), found


def test_the_same_seed_has_the_same_boards_and_another_has_others():
    assert soak.boards(3) == soak.boards(3)
    assert soak.boards(3) != soak.boards(4)


def test_a_job_switch_reaches_the_line_and_no_older_job_behind_it():
    found = by_name(switch.measure(10, 3))
    assert found["boards-switch"].value < 100  # the limit is for a quiet machine
    assert "30 jobs" in found["boards-switch"].detail
    assert found["boards-order"].value == 0


def test_captured_nonces_at_full_rate_are_accepted_and_their_cost_is_told():
    found = by_name(load.measure(1, 1.0))
    assert found["boards-cpu-nonce"].value > 0
    assert found["boards-served"].value > 1


def test_faults_are_told_with_the_time_that_boards_took_to_come_back():
    kinds = ["bm1370", "bm1366", "icarus", "emberone", "gekko-a1"]
    found = by_name(faults.measure(["wrong-crc:5", "unplug"], kinds))
    assert {one.verdict for name, one in found.items() if name != "boards-faults-stopped"} == {
        Verdict.MET
    }, found
    assert found["boards-faults-stopped"].verdict is Verdict.UNMEASURED
    assert found["boards-faults-recovery"].detail.startswith("unplug ")
    cells = found["boards-faults-back"].facts["cells"]
    assert {cell["kind"] for cell in cells if cell["fault"] == "unplug"} == set(kinds)


def test_an_unknown_part_is_named():
    with pytest.raises(UsageError, match="no part 'lod' of the boards"):
        parts.measure(["lod"], parts.Extent())


def test_a_record_and_a_table_hold_every_target():
    findings = parts.measure(["switch"], parts.Extent(boards=1, switches=3))
    assert all(target.title in parts.report(findings) for target in switch.TARGETS)
    assert {t["name"] for t in parts.as_document(findings)["targets"]} == {
        target.name for target in switch.TARGETS
    }
