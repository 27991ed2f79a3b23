"""The emulated chips beside what real ones were seen to do."""

import pytest

from stampmill.core.backends.asic.chip import registers as r
from stampmill.core.backends.asic.chip import table
from stampmill.core.backends.asic.chip.nonces import read_fields
from stampmill.core.backends.asic.chip.pll import pll_for
from stampmill.core.backends.asic.wire.commands import read, write
from stampmill.core.emulator.chips.searching import KnownAnswers
from tests.core.emulator import vectors
from tests.core.emulator.rigs import Rig, nonces, read_reply, registers

JOB_28 = bytes.fromhex(vectors.by_id("job_frame", "job-1366-28")["hex"])
JOB_839900 = bytes.fromhex(vectors.by_id("job_frame", "job-1366-b839900")["hex"])


def silicon(chip, *jobs):
    """A chip at the rate of a real one that finds what is known to be in these jobs."""
    answers = KnownAnswers(header for job in jobs for header in vectors.headers_of_job(job))
    rate = chip.cores * chip.sub_cores * chip.default_mhz * 1e6
    return Rig(chip, engine=answers, rate=rate, zero_bits=32)


def test_the_first_bring_up_of_a_bm1366_is_answered_as_it_was():
    rig = silicon(table.BM1366, JOB_28)
    captured = []
    for direction, frame in vectors.sequence("seq-1366-first-capture"):
        if direction == "host":
            rig.say(frame)
        else:
            captured.append(frame)
    # Versions 0 to 3 are all in the first batch; at the clock after a reset a core needs 0.67 s.
    rig.wait(2.0)
    assert rig.frames[0] == captured[0]
    fields = {frame[2:6]: read_fields(table.BM1366, n) for frame, n in answered(rig)}
    for frame in captured[1:]:
        ours = fields[frame[2:6]]
        theirs = read_fields(table.BM1366, read_reply(frame))
        assert (ours.job_id, ours.core, ours.excess) == (theirs.job_id, theirs.core, theirs.excess)
        assert ours.version_bits == theirs.version_bits


def answered(rig):
    return [(f, read_reply(f)) for f in rig.frames if nonces([read_reply(f)])]


@pytest.mark.parametrize(
    "name", ["seq-1370-bitaxe", "seq-1366-bitaxe", "seq-1368-bitaxe", "seq-1397-bitaxe"]
)
def test_captured_bring_ups_get_one_answer_the_chip_id_as_captured(name):
    chip = table.by_name(vectors.by_id("sequence", name)["chip"])
    rig = Rig(chip)
    for direction, frame in vectors.sequence(name):
        if direction == "host":
            rig.say(frame)
    expected = next(
        bytes.fromhex(v["hex"]) for v in vectors.ALL["response_frame"]
        if v["chip"] == chip.name and "chipid" in v["id"]
    )  # fmt: skip
    assert rig.frames == [expected]


def test_registers_after_a_reset_read_as_measured():
    rig = Rig(table.BM1370)
    rig.say(read(r.MISC_CONTROL))
    assert rig.frames == [bytes.fromhex("aa550000c100001802")]
    rig.say(read(r.CHIP_ID))
    assert rig.frames[-1] == bytes.fromhex("aa5513700000000006")
    assert registers(rig.say(read(r.PLL)))[0].value == 0xC0540165


def test_a_static_job_repeats_in_the_time_that_was_logged():
    # ESP-Miner pull request 167: 3.58 to 3.59 s with 0x10 = 151C at 550 MHz, 687 s with FFFFF.
    rig = silicon(table.BM1366, JOB_839900)
    rig.say(*bring_up_1366(0x151C), JOB_839900)
    assert rig.chips[0].registers.mhz == pytest.approx(550)
    assert rig.chips[0].epoch_seconds == pytest.approx(3.586, abs=0.001)
    rig.say(write(r.SWEEP_LENGTH, 0xFFFFF))
    assert rig.chips[0].epoch_seconds == pytest.approx(687.2, abs=0.05)


def test_the_block_itself_is_found_at_its_version_and_again_in_the_next_epoch():
    rig = silicon(table.BM1366, JOB_839900)
    rig.say(*bring_up_1366(0xFFFFF), pause=0.01)
    rig.say(JOB_839900, pause=0)
    start = rig.now
    rig.wait(2 * 687.2)
    block = bytes.fromhex("178560d2")
    found = [at - start for f, at in zip(rig.frames, rig.times, strict=True) if f[2:6] == block]
    assert len(found) == 2
    assert found[1] - found[0] == pytest.approx(687.2, abs=0.05)
    # Version 2a966000: counter 54b3, which is batch 1,697 of 8,192.
    assert found[0] == pytest.approx(0x54B3 // 8 * 687.2 / 8192, abs=0.1)


def test_results_come_in_the_order_of_their_versions():
    rig = silicon(table.BM1366, JOB_839900)
    rig.say(*bring_up_1366(0xFFFFF), JOB_839900)
    rig.wait(687)
    batches = [n.version // 8 for _, n in answered(rig)]
    assert batches == sorted(batches)
    assert len(batches) > 20


def bring_up_1366(length):
    """As the captured board of the log: 550 MHz, every result of difficulty 1 or more."""
    frames = [frame for who, frame in vectors.sequence("seq-1366-bitaxe") if who == "host"]
    frames = [frame for frame in frames if frame[5] != r.TICKET_MASK or frame[2] != 0x51]
    word = pll_for(550.0, table.BM1366.pll).word
    return [*frames, write(r.PLL, word), write(r.SWEEP_LENGTH, length)]


def test_ticket_1024_reports_nothing_below_it():
    rig = silicon(table.BM1366, JOB_839900)
    rig.say(*bring_up_1366(0xFFFFF), write(r.TICKET_MASK, 0x0000C0FF), JOB_839900)
    rig.wait(687)
    headers = vectors.headers_of_job(JOB_839900)
    zeros = {h[76:]: v["zero_bits"] for h in headers for v in vectors.ALL["share"]
             if v["header"] == h.hex()}  # fmt: skip
    reported = {f[2:6] for f, _ in answered(rig)}
    assert reported
    assert all(zeros[nonce] >= 42 for nonce in reported)
    # Those that the ticket kept out would have been found without it.
    assert any(z < 42 for z in zeros.values())


def test_a_gamma_answers_the_captured_job_with_the_captured_share():
    share = vectors.by_id("share", "share-1370-gamma")
    job = bytes.fromhex(share["job_frame"])
    rig = silicon(table.BM1370, job)
    rig.say(*[f for who, f in vectors.sequence("seq-1370-bitaxe") if who == "host"][:-2], job)
    rig.wait(2.6)  # an epoch: 4,096 batches of 2 * 1EB5 + 136 ticks
    (reply,) = nonces([n for _, n in answered(rig)])
    theirs = read_reply(bytes.fromhex(share["response"]))
    assert reply.nonce == theirs.nonce
    assert reply.version == theirs.version
    ours, captured = read_fields(table.BM1370, reply), read_fields(table.BM1370, theirs)
    assert (ours.job_id, ours.excess) == (captured.job_id, captured.excess)
