"""The real driver and miner at every kind of chip and at every fault, in virtual time.

Nothing wrong is ever submitted, nothing is lost without a counter, and after each fault that
passes the shares come again.
"""

import asyncio
from functools import cache
from itertools import pairwise

import pytest

from stampmill.core import native
from stampmill.core.chain.target import meets_target
from stampmill.core.emulator.faults.catalogue import Name
from stampmill.core.errors import StampmillError
from tests.core.emulator.worlds import World, board, mine

pytestmark = pytest.mark.skipif(not native.available(), reason=native.why_unavailable() or "built")

SECONDS = 10.0
RESET_SECONDS = 15.0
"""The longest that shares may fail to come while a board is being brought back."""

LINE_FAULTS = ["lost-bytes", "doubled-bytes", "flipped-bit", "wrong-crc"]
HARMLESS = ["split-reads", "random-reads", "usb-packets", "garbage-at-start:200"]
NONCE_FAULTS = {
    "duplicate": "duplicate",
    "duplicate-burst": "duplicate",
    "unknown-job": "unknown job",
    "low-difficulty": "low difficulty",
}


def nothing_wrong_was_submitted(world: World) -> None:
    submitted = [(s.nonce.version, s.nonce.nonce, s.nonce.work.merkle_root, s.nonce.ntime)
                 for s in world.source.shares]  # fmt: skip
    assert len(submitted) == len(set(submitted)), "a share was submitted twice"
    for share in world.source.shares:
        work, nonce = share.nonce.work, share.nonce
        digest = work.header(nonce.nonce, nonce.version, nonce.ntime).hash()
        assert meets_target(digest, work.job.share_target)
        assert (nonce.version ^ work.job.version) & ~work.job.version_mask == 0
    assert world.shot.accepted == len(world.source.shares) > 0


def emulated(world: World, name: str) -> int:
    return int(world.board.counters().get(name, 0))


def heard(world: World) -> int:
    """Every reply that the driver has counted one way or the other."""
    counts = world.counts()
    return counts["nonces"] + sum(
        counts[name]
        for name in ("duplicate", "low difficulty", "hardware error", "foreign version",
                     "unknown job", "unexpected replies", "placeholder nonces")
    )  # fmt: skip


def every_nonce_is_counted(world: World) -> None:
    # What was found in the last moments is still on the line.
    assert emulated(world, "nonces") - 2 <= heard(world) <= emulated(world, "nonces")


def longest_gap(world: World) -> float:
    times = world.source.share_times
    return max(b - a for a, b in pairwise(times))


@pytest.mark.parametrize(
    ("kind", "more"),
    [("bm1370", {}), ("bm1368", {}), ("bm1366", {}), ("bm1362", {"chips": 12}), ("bm1397", {}),
     ("bm1362", {"chips": 126, "rate": 2.0**19, "zero_bits": 12})],
    ids=lambda value: value if isinstance(value, str) else "-".join(map(str, value.values())),
)  # fmt: skip
def test_without_faults_every_nonce_becomes_a_share(kind, more):
    world = mine(
        SECONDS if "rate" not in more else 14.0,
        board(kind, **more),
        tick=0.05 if "rate" not in more else 0.25,
    )
    nothing_wrong_was_submitted(world)
    counts = world.counts()
    for name in ("duplicate", "hardware error", "foreign version", "unknown job",
                 "discarded bytes", "damaged frames", "recoveries", "nonces dropped"):  # fmt: skip
        assert counts[name] == 0, name
    assert emulated(world, "odd_clocks") == emulated(world, "clock_jumps") == 0
    every_nonce_is_counted(world)
    assert longest_gap(world) < RESET_SECONDS


@pytest.mark.parametrize("baud", [1_000_000, 3_125_000])
def test_on_a_faster_line_it_is_the_same(baud):
    world = mine(SECONDS, board("bm1370"), baud=baud)
    nothing_wrong_was_submitted(world)
    assert emulated(world, "baud") == pytest.approx(baud, rel=0.05)
    assert world.counts()["damaged frames"] == 0


@pytest.mark.parametrize("kind", ["bm1370", "bm1397"])
@pytest.mark.parametrize("fault", LINE_FAULTS)
def test_damage_on_the_line_costs_the_frame_and_is_counted(kind, fault):
    world = mine(SECONDS, board(kind, f"{fault}:5"))
    nothing_wrong_was_submitted(world)
    counts, hurt = world.counts(), emulated(world, f"fault {fault}")
    assert hurt > 10
    assert counts["discarded bytes"] > 0
    assert counts["recoveries"] == 0
    lost = emulated(world, "nonces") - heard(world)
    assert lost <= 2 * hurt
    # Some of the damage hit answers to the bring-up, whose reader keeps no counts.
    assert counts["damaged frames"] + counts["hardware error"] >= 0.4 * lost


@cache
def accepted_without_faults() -> int:
    return mine(SECONDS, board("bm1370")).shot.accepted


@pytest.mark.parametrize("fault", HARMLESS)
def test_how_reads_are_cut_makes_no_difference(fault):
    world = mine(SECONDS, board("bm1370", fault))
    nothing_wrong_was_submitted(world)
    assert abs(world.shot.accepted - accepted_without_faults()) <= 3
    assert world.counts()["hardware error"] == 0


@pytest.mark.parametrize(("fault", "counter"), NONCE_FAULTS.items())
def test_a_chips_faults_are_counted_by_name_and_never_submitted(fault, counter):
    world = mine(SECONDS, board("bm1370", fault))
    nothing_wrong_was_submitted(world)
    counts = world.counts()
    assert counts[counter] > 10
    assert emulated(world, "nonces") - 5 <= heard(world) <= emulated(world, "nonces")
    assert world.shot.duplicates == 0


def test_hardware_errors_are_counted_for_the_chip_and_for_the_run():
    world = mine(SECONDS, board("bm1370", "hardware-error"))
    nothing_wrong_was_submitted(world)
    made = emulated(world, "fault hardware-error")
    counts = world.counts()
    # One in many of the falsified nonces solves the job after all.
    assert made - 5 <= counts["hardware error"] <= made
    assert world.shot.hardware_errors == counts["hardware error"]


def test_forged_replies_are_no_shares():
    world = mine(SECONDS, board("bm1370", "forged:3"))
    nothing_wrong_was_submitted(world)
    counts = world.counts()
    assert counts["hardware error"] + counts["unknown job"] + counts["foreign version"] > 10


def test_a_late_nonce_is_credited_to_its_own_job_or_is_stale():
    world = mine(SECONDS, board("bm1370", "stale:3"), job_every=2.0)
    nothing_wrong_was_submitted(world)
    assert emulated(world, "fault stale") > 10
    assert world.counts()["hardware error"] == 0


@pytest.mark.parametrize("register", ["a4", "14", "10", "18"])
def test_a_lost_write_is_repeated_or_does_no_harm(register):
    world = mine(SECONDS, board("bm1370", f"lost-write:{register}"))
    nothing_wrong_was_submitted(world)
    assert emulated(world, "fault lost-write") == 1
    assert world.counts()["hardware error"] == 0


def test_lost_requests_stop_nothing_for_long():
    world = mine(SECONDS, board("bm1370", "lost-request:20"), job_every=2.0)
    nothing_wrong_was_submitted(world)
    assert emulated(world, "fault lost-request") > 2
    assert longest_gap(world) < RESET_SECONDS


@pytest.mark.parametrize("fault", ["brown-out:15", "stall:15"])
@pytest.mark.parametrize("kind", ["bm1370", "bm1366"])
def test_a_board_that_falls_silent_is_brought_back(kind, fault):
    world = mine(45.0, board(kind, fault))
    nothing_wrong_was_submitted(world)
    assert world.counts()["recoveries"] >= 2
    every_nonce_is_counted(world)
    assert longest_gap(world) < RESET_SECONDS
    assert world.source.share_times[-1] > 1000 + 40


def test_with_a_dead_chip_the_others_go_on():
    world = mine(SECONDS, board("bm1362", "dead-chip:2", chips=4))
    nothing_wrong_was_submitted(world)
    assert world.board.ports[0].emulation.device.chips[2].hashes == 0


def test_a_silent_chip_leaves_duplicates_to_be_filtered():
    world = mine(SECONDS, board("bm1362", "silent-chip:2", chips=4))
    nothing_wrong_was_submitted(world)


def test_an_unknown_kind_of_chip_is_named():
    with pytest.raises(StampmillError, match="1372"):
        mine(SECONDS, board("bm1370", "wrong-chip:1372"))


@pytest.mark.parametrize(
    ("kind", "baud", "chips"), [("bm1370", 1_000_000, 1), ("bm1362", 3_125_000, 4),
                                ("bm1397", 1_500_000, 1)],
)  # fmt: skip
def test_chips_at_a_rate_of_their_own_are_called_back_to_the_first(kind, baud, chips):
    world = mine(10.0, board(kind, "baud-mismatch", chips=chips), baud=baud)
    nothing_wrong_was_submitted(world)
    assert emulated(world, "baud") == pytest.approx(115_200, rel=0.05)
    told = [line for _, line in world.seats[0].told]
    assert told == [f"board-0: not all chips are heard at {baud} baud, so the line stays at 115200"]
    assert world.counts()["recoveries"] == 0


# The pool's mask of bm13xx.md section 8 is the one narrow one whose register value is known.
@pytest.mark.parametrize("mask", [0x00C00000, 0x1FFE0000, 0])
@pytest.mark.parametrize("kind", ["bm1370", "bm1366"])
def test_within_a_narrow_mask_every_nonce_is_one_that_the_pool_takes(kind, mask):
    world = mine(5.0, board(kind), version_mask=mask)
    nothing_wrong_was_submitted(world)
    assert world.counts()["foreign version"] == world.counts()["hardware error"] == 0
    rolled = {share.nonce.version for share in world.source.shares}
    assert (len(rolled) > 1) is bool(mask)


def test_what_chips_roll_beyond_the_mask_is_counted_and_never_submitted():
    world = mine(SECONDS, board("bm1370", "wide-rolling"), version_mask=0x1FFE0000)
    nothing_wrong_was_submitted(world)
    counts = world.counts()
    assert counts["foreign version"] > 5 * counts["nonces"] > 0
    assert [line for _, line in world.seats[0].told if "rolled in 12 bits, not 16" in line]


async def _pull_and_plug(seats):
    modem = seats[0].modem
    for _ in range(2):
        await asyncio.sleep(14)
        modem.unplug()
        await asyncio.sleep(2)
        modem.plug_in()


def test_an_unplugged_board_mines_again_within_seconds_of_its_return():
    world = mine(45.0, board("bm1370"), board("bm1366"), meanwhile=_pull_and_plug)
    nothing_wrong_was_submitted(world)
    assert world.counts()["recoveries"] == 2
    assert world.counts(1)["recoveries"] == 0
    of_first = [
        at for share, at in zip(world.source.shares, world.source.share_times, strict=True)
        if share.nonce.device == "board-0"
    ]  # fmt: skip
    assert max(b - a for a, b in pairwise(of_first)) < RESET_SECONDS
    assert of_first[-1] > 1000 + 42


def test_one_chip_that_browns_out_is_brought_back():
    world = mine(40.0, board("bm1362", "brown-out-one:20", chips=4))
    nothing_wrong_was_submitted(world)
    assert world.counts()["recoveries"] >= 1
    # The other chips go on with their last job while the chain is set up.
    assert world.counts()["nonces during bring up"] > 50
    every_nonce_is_counted(world)


def test_what_chips_find_for_the_job_that_means_nothing_is_no_error():
    # A chain of these chips gets such a job at each bring-up, the later ones behind real jobs.
    world = mine(40.0, board("bm1370", "brown-out-one:15", chips=3))
    nothing_wrong_was_submitted(world)
    counts = world.counts()
    assert counts["recoveries"] >= 1
    assert counts["placeholder nonces"] > 10
    assert counts["hardware error"] == counts["unknown job"] == 0
    every_nonce_is_counted(world)


def test_every_fault_of_a_chain_is_in_some_test():
    tested = {*LINE_FAULTS, *NONCE_FAULTS, *(name.partition(":")[0] for name in HARMLESS)}
    tested |= {"forged", "hardware-error", "stale", "lost-write", "lost-request", "brown-out",
               "stall", "dead-chip", "silent-chip", "wrong-chip", "baud-mismatch", "unplug",
               "brown-out-one", "wide-rolling"}  # fmt: skip
    assert tested == {name.value for name in Name}
