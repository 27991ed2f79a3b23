from collections import Counter
from random import Random

import pytest

from stampmill.core import native
from stampmill.core.backends.asic.chip import registers as r
from stampmill.core.backends.asic.chip import table
from stampmill.core.backends.asic.chip.nonces import read_fields
from stampmill.core.backends.asic.wire.commands import chain_inactive, read, set_address, write
from stampmill.core.backends.asic.wire.jobs import FullJob
from stampmill.core.chain.header import with_version
from stampmill.core.chain.sha256d import sha256d
from stampmill.core.emulator.chips.chip import DEAF_SECONDS
from stampmill.core.emulator.chips.ticket import leading_zeros
from stampmill.core.emulator.faults.catalogue import Faults, Name
from stampmill.core.emulator.faults.chips import ChipFaults
from tests.core.emulator.rigs import Rig, nonces, registers

pytestmark = pytest.mark.skipif(not native.available(), reason=native.why_unavailable() or "built")

CHIP = table.BM1370
PREFIX = (0x20000000).to_bytes(4, "little") + bytes(range(72))
START = (write(r.VERSION_ROLLING, 0x9000FFFF), write(r.MISC_CONTROL, 0xF000C100))
CLOCK = write(r.PLL, 0x40A80230)


def faulty(name: Name, value: float, count: int = 1) -> tuple[Rig, Counter[str]]:
    counted: Counter[str] = Counter()
    faults = ChipFaults(Faults({name: value}), CHIP, Random(5), counted)
    return Rig(CHIP, count, zero_bits=10, tampering=faults), counted


def solves(reply, prefix=PREFIX) -> bool:
    fields = read_fields(CHIP, reply)
    version = 0x20000000 | fields.version_bits
    return leading_zeros(sha256d(with_version(prefix, version) + reply.nonce)) >= 10


def mined(rig: Rig, seconds: float = 0.5):
    rig.say(*START, CLOCK, FullJob(1, PREFIX))
    return nonces(rig.wait(seconds))


def test_nonces_come_twice():
    rig, counted = faulty(Name.DUPLICATE, 3)
    replies = mined(rig)
    assert len(replies) - len(set(replies)) == counted["duplicate"] > 20


def test_a_burst_is_200_copies_at_its_own_pace():
    rig, counted = faulty(Name.DUPLICATE_BURST, 40)
    mined(rig, 0.05)
    rig.say(write(r.SWEEP_LENGTH, 0))
    rig.wait(5)
    copies = Counter(rig.frames).most_common(1)[0]
    assert copies[1] == 200
    times = [at for frame, at in zip(rig.frames, rig.times, strict=True) if frame == copies[0]]
    assert times[-1] - times[0] == pytest.approx(199 * 0.0118)
    assert counted["duplicate-burst"] >= 1


def test_a_stale_nonce_comes_behind_the_next_job_and_solves_the_one_before():
    rig, counted = faulty(Name.STALE, 2)
    mined(rig, 0.2)
    late = nonces(rig.say(FullJob(2, bytes(76)), pause=0))
    assert len(late) == counted["stale"] > 10
    assert all(read_fields(CHIP, reply).job_id == 1 and solves(reply) for reply in late)


def test_an_unknown_job_is_one_that_was_not_sent():
    rig, counted = faulty(Name.UNKNOWN_JOB, 2)
    replies = mined(rig)
    unknown = [reply for reply in replies if read_fields(CHIP, reply).job_id != 1]
    assert len(unknown) == counted["unknown-job"] > 20


def test_a_hardware_error_does_not_solve_its_job():
    rig, counted = faulty(Name.HARDWARE_ERROR, 2)
    assert sum(not solves(reply) for reply in mined(rig)) == counted["hardware-error"] > 20


def test_the_first_write_to_a_register_is_lost_and_the_second_is_not():
    rig, counted = faulty(Name.LOST_WRITE, r.TICKET_MASK)
    rig.say(write(r.TICKET_MASK, 0xFF))
    assert registers(rig.say(read(r.TICKET_MASK)))[0].value == 0
    rig.say(write(r.TICKET_MASK, 0xFF))
    assert registers(rig.say(read(r.TICKET_MASK)))[0].value == 0xFF
    assert counted["lost-write"] == 1


def test_requests_get_lost():
    rig, counted = faulty(Name.LOST_REQUEST, 4)
    for _ in range(100):
        rig.say(read(r.CHIP_ID))
    assert len(rig.frames) + counted["lost-request"] == 100
    assert counted["lost-request"] > 10


def test_behind_a_dead_chip_nothing_is_reached():
    rig, _ = faulty(Name.DEAD_CHIP, 2, 5)
    assert len(registers(rig.say(read(r.CHIP_ID)))) == 2


def test_a_silent_chip_forwards_but_says_nothing():
    rig, _ = faulty(Name.SILENT_CHIP, 1, 4)
    rig.say(chain_inactive(), *map(set_address, (0, 64, 128, 192)))
    assert [x.address for x in registers(rig.say(read(r.CHIP_ID)))] == [0, 128, 192]


def test_a_stalled_board_takes_jobs_in_silence_until_it_is_addressed_anew():
    rig, counted = faulty(Name.STALL, 5)
    assert mined(rig, 1.0)
    rig.wait(4)
    assert nonces(rig.say(FullJob(2, PREFIX)) + rig.wait(0.5)) == []
    assert counted["stall"] == 1
    assert registers(rig.say(read(r.CHIP_ID)))
    rig.say(chain_inactive(), set_address(0), FullJob(3, PREFIX))
    assert nonces(rig.wait(0.5))


def test_a_brown_out_puts_all_back_to_their_state_after_a_reset():
    rig, counted = faulty(Name.BROWN_OUT, 3, 2)
    rig.say(chain_inactive(), set_address(0), set_address(128))
    mined(rig, 2.5)
    rig.wait(0.6)
    assert counted["brown-out"] == 1
    assert [chip.address for chip in rig.chips] == [0, 0]
    rig.wait(2 * DEAF_SECONDS)
    assert {len(x.extra) for x in registers(rig.say(read(r.CHIP_ID)))} == {0}


def test_one_chip_alone_can_brown_out():
    rig, _ = faulty(Name.BROWN_OUT_ONE, 3, 4)
    rig.say(chain_inactive(), *map(set_address, (0, 64, 128, 192)), write(r.ANALOG_MUX, 2))
    rig.wait(3.1)
    held = [chip.registers.written.get(r.ANALOG_MUX) for chip in rig.chips]
    assert held.count(None) == 1


def test_chips_say_they_are_of_another_kind():
    rig, _ = faulty(Name.WRONG_CHIP, 0x1372)
    assert registers(rig.say(read(r.CHIP_ID)))[0].value >> 16 == 0x1372


def test_chips_take_half_the_rate_they_are_told():
    rig, _ = faulty(Name.BAUD_MISMATCH, 0)
    assert registers(rig.say(read(r.CHIP_ID)))
    rig.say(write(r.UART_BAUD, 0x11300200))
    assert rig.say(read(r.CHIP_ID), baud=1_000_000) == []
    assert rig.chain.baud == pytest.approx(25e6 / 48)
