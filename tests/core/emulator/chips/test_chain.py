import pytest

from stampmill.core import native
from stampmill.core.backends.asic.chip import registers as r
from stampmill.core.backends.asic.chip import table
from stampmill.core.backends.asic.chip.chain import Chain
from stampmill.core.backends.asic.chip.nonces import chip_index, read_fields
from stampmill.core.backends.asic.wire.commands import (
    chain_inactive,
    read,
    set_address,
    write,
)
from stampmill.core.backends.asic.wire.jobs import FullJob, MidstateJob
from stampmill.core.chain.header import with_version
from stampmill.core.chain.sha256d import sha256d
from stampmill.core.emulator.chips.chip import DEAF_SECONDS
from stampmill.core.emulator.chips.ticket import leading_zeros
from tests.core.emulator.rigs import ALL_CHIPS, Rig, nonces, registers

if native.available():
    from stampmill.core.native_sweep import midstate

pytestmark = pytest.mark.skipif(not native.available(), reason=native.why_unavailable() or "built")

PREFIX = (0x20000000).to_bytes(4, "little") + bytes(range(72))
ROLL = write(r.VERSION_ROLLING, 0x9000FFFF)
ENABLE = write(r.MISC_CONTROL, 0xF000C100)
FULL = [chip for chip in ALL_CHIPS if chip.rolls_versions]
named = {"ids": lambda chip: chip.name}


def ready(chip, count=1, **more) -> Rig:
    """A chain with addresses that reports all it finds, at its default clock."""
    rig = Rig(chip, count, **more)
    if chip.rolls_versions:
        rig.say(ROLL, ENABLE)
    rig.say(chain_inactive(), *map(set_address, Chain(chip, count).addresses))
    rig.say(write(r.PLL, 0x40A80230) if chip.rolls_versions else write(r.PLL, 0x40440122))
    return rig


def header_of(chip, job, reply) -> bytes:
    fields = read_fields(chip, reply)
    version = int.from_bytes(job.prefix[:4], "little") | fields.version_bits
    return with_version(job.prefix, version) + reply.nonce


@pytest.mark.parametrize("chip", FULL, **named)
def test_every_nonce_solves_the_job_as_it_came_over_the_line(chip):
    rig = ready(chip)
    job = FullJob(3, PREFIX)
    rig.say(job)
    replies = nonces(rig.wait(0.3))
    assert len(replies) > 20
    for reply in replies:
        fields = read_fields(chip, reply)
        zeros = leading_zeros(sha256d(header_of(chip, job, reply)))
        assert zeros >= 12
        assert fields.job_id == 3
        assert fields.core < chip.cores
        assert fields.excess == zeros - 12


@pytest.mark.parametrize("chip", FULL, **named)
def test_as_many_nonces_come_as_the_rate_makes(chip):
    rig = ready(chip, rate=2e6, zero_bits=10)
    rig.say(FullJob(1, PREFIX))
    mhz = rig.chips[0].registers.mhz
    expected = 2e6 * mhz / chip.default_mhz / 1024
    count = len(nonces(rig.wait(1.0)))
    assert abs(count - expected) < 5 * expected**0.5
    assert rig.chips[0].hashes == pytest.approx(expected * 1024, rel=0.02)


def test_chips_of_midstate_jobs_say_which_midstate_it_was():
    rig = ready(table.BM1397)
    headers = [with_version(PREFIX, 0x20000000 + i * 0x2000) for i in range(4)]
    job = MidstateJob(5, tuple(midstate(h[:64]) for h in headers), PREFIX[64:], 4)
    rig.say(job)
    replies = nonces(rig.wait(0.2))
    indices = set()
    for reply in replies:
        fields = read_fields(table.BM1397, reply)
        indices.add(fields.sub_core)
        assert fields.job_id == 5
        assert leading_zeros(sha256d(headers[fields.sub_core] + reply.nonce)) >= 12
    assert indices == {0, 1, 2, 3}
    assert {len(frame) for frame in rig.frames} == {9}


def test_only_the_midstates_in_use_are_hashed():
    rig = ready(table.BM1397)
    job = MidstateJob(5, (midstate(PREFIX[:64]), *(bytes(32),) * 3), PREFIX[64:], 1)
    rig.say(job)
    assert {read_fields(table.BM1397, n).sub_core for n in nonces(rig.wait(0.3))} == {0}


def test_broadcast_reads_are_answered_by_every_chip_nearest_first():
    rig = ready(table.BM1362, 5)
    replies = registers(rig.say(read(r.CHIP_ID)))
    assert [reply.address for reply in replies] == list(Chain(table.BM1362, 5).addresses)
    assert {reply.value >> 16 for reply in replies} == {0x1362}
    assert [reply.value & 0xFF for reply in replies] == [reply.address for reply in replies]


def test_before_addressing_all_are_address_0_and_single_writes_hit_all():
    rig = Rig(table.BM1368, 3)
    rig.say(write(r.ANALOG_MUX, 7, 0))
    assert [chip.registers.value(r.ANALOG_MUX) for chip in rig.chips] == [7, 7, 7]
    assert len(registers(rig.say(read(r.CHIP_ID, 0)))) == 3


def test_each_address_is_taken_by_the_first_closed_chip_and_surplus_ones_vanish():
    # The factory sends 128 of them to a chain of 126.
    rig = Rig(table.BM1362, 126)
    rig.say(chain_inactive(), *(set_address(a) for a in range(0, 256, 2)), pause=0)
    assert [chip.address for chip in rig.chips] == [2 * i for i in range(126)]
    assert all(chip.forwards for chip in rig.chips)


def test_a_closed_chain_is_heard_by_its_first_chip_alone():
    rig = Rig(table.BM1370, 3)
    rig.say(chain_inactive())
    assert len(registers(rig.say(read(r.CHIP_ID)))) == 1
    rig.say(set_address(0))
    assert len(registers(rig.say(read(r.CHIP_ID)))) == 2


def test_single_writes_reach_one_chip():
    rig = ready(table.BM1370, 4)
    rig.say(write(r.ANALOG_MUX, 2, 64))
    assert [chip.registers.written.get(r.ANALOG_MUX) for chip in rig.chips] == [None, 2, None, None]


@pytest.mark.parametrize("chip", [table.BM1362, table.BM1366], **named)
def test_the_nonce_tells_the_chip_by_its_address(chip):
    rig = ready(chip, 4, zero_bits=10)
    chain = Chain(chip, 4)
    rig.say(FullJob(1, PREFIX))
    seen = {chip_index(chain, n.nonce) for n in nonces(rig.wait(0.5))}
    assert seen == {0, 1, 2, 3}


def test_offsets_part_the_nonces_of_a_bm1370_chain():
    rig = ready(table.BM1370, 3, zero_bits=10)
    chain = Chain(table.BM1370, 3)
    rig.say(
        *(write(r.NONCE_OFFSET, r.nonce_offset(i, 3), a) for i, a in enumerate(chain.addresses))
    )
    rig.say(FullJob(1, PREFIX))
    assert {chip_index(chain, n.nonce) for n in nonces(rig.wait(0.5))} == {0, 1, 2}


def test_without_offsets_all_chips_of_that_chain_find_the_same():
    rig = ready(table.BM1370, 2, zero_bits=10)
    rig.say(FullJob(1, PREFIX))
    found = [n.nonce for n in nonces(rig.wait(0.3))]
    assert len(found) > 50
    assert len(set(found)) <= len(found) / 2 + 2


def test_a_new_job_replaces_the_old_at_once_and_begins_with_version_0():
    rig = ready(table.BM1370, rate=1e9, zero_bits=14)
    rig.say(write(r.SWEEP_LENGTH, 1), FullJob(1, PREFIX))
    assert rig.chips[0].course.batch(5).counters[0] == 80
    assert max(n.version for n in nonces(rig.wait(0.1))) > 100
    replies = nonces(rig.say(FullJob(2, PREFIX), pause=0) + rig.wait(0.01))
    assert {read_fields(table.BM1370, n).job_id for n in replies} <= {2}
    assert all(n.version < 3000 for n in replies)


def test_versions_come_in_batches_of_the_sub_cores():
    rig = ready(table.BM1366, zero_bits=8)
    rig.say(FullJob(1, PREFIX))
    assert {n.version for n in nonces(rig.wait(0.1))} <= set(range(8))


def test_the_sub_core_is_that_of_the_version_but_for_a_few():
    rig = ready(table.BM1370, zero_bits=8)
    rig.say(FullJob(1, PREFIX))
    replies = nonces(rig.wait(0.5))
    odd = sum(read_fields(table.BM1370, n).sub_core != n.version % 16 for n in replies)
    assert 0 < odd < len(replies) * 0.1


@pytest.mark.parametrize("chip", FULL, **named)
def test_nothing_is_reported_until_it_is_enabled(chip):
    rig = Rig(chip)
    rig.say(ROLL, FullJob(1, PREFIX))
    assert nonces(rig.wait(0.5)) == []
    rig.say(ENABLE)
    assert nonces(rig.wait(2.0))


def test_each_enable_bit_is_a_quarter_of_a_bm1370s_cores():
    rig = ready(table.BM1370)
    rig.say(write(r.MISC_CONTROL, 0x4000C100), FullJob(1, PREFIX))
    cores = {read_fields(table.BM1370, n).core for n in nonces(rig.wait(1.0))}
    assert cores
    assert cores <= set(range(64, 96))


def test_a_sweep_length_of_0_stops_it_but_unwritten_does_not():
    rig = ready(table.BM1366)
    rig.say(FullJob(1, PREFIX))
    assert nonces(rig.wait(0.2))
    rig.say(write(r.SWEEP_LENGTH, 0), pause=0)
    assert nonces(rig.wait(1.0)) == []
    rig.say(write(r.SWEEP_LENGTH, 0x151C))
    assert nonces(rig.wait(0.2))


def test_a_pll_write_changes_the_rate_at_once():
    rig = ready(table.BM1370)
    rig.say(FullJob(1, PREFIX))
    before = rig.chips[0].hashes
    rig.wait(0.5)
    fast = rig.chips[0].hashes - before
    rig.say(write(r.PLL, 0x50D20265), pause=0)
    before = rig.chips[0].hashes
    rig.wait(0.5)
    assert (rig.chips[0].hashes - before) / fast == pytest.approx(62.5 / 525, rel=0.02)


def test_the_ticket_keeps_out_what_is_easier():
    rig = ready(table.BM1370, rate=4e6, zero_bits=8)
    rig.say(write(r.TICKET_MASK, r.ticket_mask(4)), job := FullJob(1, PREFIX))
    replies = nonces(rig.wait(0.5))
    assert len(replies) > 100
    zeros = [leading_zeros(sha256d(header_of(table.BM1370, job, n))) for n in replies]
    assert min(zeros) == 12
    excess = [read_fields(table.BM1370, n).excess for n in replies]
    assert excess == [z - 12 for z in zeros]


def test_replies_have_9_bytes_until_versions_are_rolled_then_11():
    rig = Rig(table.BM1370)
    rig.say(read(r.MISC_CONTROL), ROLL, read(r.MISC_CONTROL))
    assert [len(frame) for frame in rig.frames] == [9, 11]


def test_without_rolling_only_the_jobs_own_version_is_hashed():
    rig = Rig(table.BM1366)
    job = FullJob(1, PREFIX)
    rig.say(ENABLE, write(r.PLL, 0x40A80230), job)
    replies = nonces(rig.wait(1.0))
    assert replies
    assert {n.version for n in replies} == {None}
    assert all(leading_zeros(sha256d(job.prefix + n.nonce)) >= 12 for n in replies)


def test_a_narrow_mask_is_kept_within():
    rig = ready(table.BM1366, zero_bits=8)
    rig.say(write(r.VERSION_ROLLING, 0x90000600), write(r.SWEEP_LENGTH, 1), FullJob(1, PREFIX))
    assert {n.version for n in nonces(rig.wait(0.3))} == {0, 0x200, 0x400, 0x600}


def test_writes_are_never_answered():
    rig = Rig(table.BM1370)
    assert rig.say(ROLL, ENABLE, chain_inactive(), set_address(0)) == []


@pytest.mark.parametrize(
    "bad",
    [b"\x55\xaa\x52\x05\x00\x00\x0b", b"\x55\xaa\x52\x06\x00\x00\x0a", b"\x55\xaa\x7f\x05\x00\x00",
     bytes(40), FullJob(1, PREFIX).encode()[:-1] + b"\xff"],
)  # fmt: skip
def test_bad_frames_are_ignored_and_the_next_good_one_is_heard(bad):
    rig = Rig(table.BM1370)
    replies = rig.say(bad + read(r.CHIP_ID).encode())
    assert [reply.register for reply in registers(replies)] == [r.CHIP_ID]


@pytest.mark.parametrize("length", [0x36, 0x56, 0xFF])
def test_jobs_are_taken_with_any_length_byte(length):
    rig = ready(table.BM1370)
    rig.say(FullJob(1, PREFIX, length=length))
    assert nonces(rig.wait(0.3))


def test_a_new_rate_holds_behind_the_frame_that_sets_it():
    rig = Rig(table.BM1370)
    both = write(r.UART_BAUD, 0x11300200).encode() + read(r.CHIP_ID).encode()
    assert rig.say(both) == []
    assert rig.say(read(r.CHIP_ID)) == []
    assert rig.say(read(r.CHIP_ID), baud=1_000_000) != []
    assert rig.chain.counted.deaf_bytes == 7  # one read at the old rate


def test_after_a_reset_it_is_deaf_for_a_moment_and_as_new():
    rig = ready(table.BM1370)
    rig.say(FullJob(1, PREFIX))
    rig.chain.reset(rig.now)
    assert rig.say(read(r.CHIP_ID), pause=0) == []
    assert nonces(rig.wait(2 * DEAF_SECONDS)) == []
    (reply,) = registers(rig.say(read(r.PLL)))
    assert (reply.address, reply.value, reply.extra) == (0, 0xC0540165, b"")
    assert nonces(rig.wait(1.0)) == []


def test_without_power_it_hears_nothing_and_forgets_all():
    rig = ready(table.BM1370)
    rig.chain.set_awake(False, rig.now)
    assert rig.say(read(r.CHIP_ID)) == []
    rig.chain.set_awake(True, rig.now)
    rig.wait(0.01)
    assert registers(rig.say(read(r.TICKET_MASK)))[0].value == 0


def test_a_bm1368_measures_its_temperature_once_told_to():
    rig = ready(table.BM1368)
    rig.say(*(write(0xB0, v) for v in (0x80000000, 0x00020000, 0x01020000, 0x10020000)))
    rig.say(read(0xB4))
    assert rig.frames[-1] == bytes.fromhex("aa558000080c00b400001a")


def test_hash_counters_advance():
    rig = ready(table.BM1370)
    rig.say(FullJob(1, PREFIX))
    before = registers(rig.say(read(0x8C)))[0].value
    rig.wait(0.5)
    assert registers(rig.say(read(0x8C)))[0].value > before


def test_clock_words_out_of_range_and_steps_too_large_are_taken_and_noted():
    rig = Rig(table.BM1370)
    rig.say(write(r.PLL, 0x40A20255), write(r.PLL, 0x50D20265))  # 56.25, then 62.5 MHz
    assert (rig.chips[0].odd_clocks, rig.chips[0].clock_jumps) == (0, 0)
    rig.say(write(r.PLL, 0x50D20240))  # 525 MHz at once
    assert rig.chips[0].clock_jumps == 1
    assert rig.chips[0].registers.mhz == 525
    rig.say(write(r.PLL, 0x40100200))  # a feedback divider of 16
    assert rig.chips[0].odd_clocks == 1
