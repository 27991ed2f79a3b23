from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stampmill.core.backends.asic.wire.commands import decode_command, read, write
from stampmill.core.backends.asic.wire.frames import ReplyReader, Request, RequestReader
from stampmill.core.backends.asic.wire.jobs import FullJob, JobForm, MidstateJob, decode_job
from stampmill.core.backends.asic.wire.replies import (
    LONG_REPLY,
    SHORT_REPLY,
    NonceReply,
    RegisterReply,
    Reply,
    decode_reply,
)
from tests.core.backends.asic.vectors import cases, section

# No byte of either start marker, so the frames behind it are all that can be found.
RUBBISH = bytes(value for value in range(256) if value not in {0x55, 0xAA})

REPLIES = [bytes.fromhex(case["hex"]) for case in section("response_frame") if case["valid"]]
COMMANDS = [bytes.fromhex(case["hex"]) for case in section("command_frame")]
FULL_JOBS = [
    bytes.fromhex(case["hex"]) for case in section("job_frame") if case["format"] == "full"
] + [bytes.fromhex(case["job_frame"]) for case in section("derived_exchange")]
MIDSTATE_JOBS = [
    bytes.fromhex(case["hex"]) for case in section("job_frame") if case["format"] == "midstate"
] + [
    bytes.fromhex(case[form])
    for case in section("derived_midstate_job")
    for form in ("job_1_midstate", "job_4_midstates")
]

FORMS = [(JobForm.FULL, FULL_JOBS), (JobForm.MIDSTATE, MIDSTATE_JOBS)]


def replies_to(frames: list[bytes]) -> list[Reply | None]:
    return [decode_reply(frame) for frame in frames]


def requests_of(frames: list[bytes], form: JobForm) -> list[Request | None]:
    return [decode_command(frame) or decode_job(frame, form) for frame in frames]


def fed(reader: ReplyReader | RequestReader, data: bytes, size: int) -> list[Any]:
    found: list[Any] = []
    for at in range(0, len(data), size):
        found += reader.feed(data[at : at + size])
    return found


@pytest.mark.parametrize("size", [1, 2, 3, 7, 11, 62, 10_000])
@pytest.mark.parametrize("between", [b"", b"\x00", b"\xaa", b"\xaa\x00", RUBBISH])
def test_every_reply_in_one_stream_with_rubbish_between(size: int, between: bytes) -> None:
    long = [frame for frame in REPLIES if len(frame) == LONG_REPLY]
    reader = ReplyReader((LONG_REPLY,))
    stream = between + between.join(long) + between
    assert fed(reader, stream, size) == replies_to(long)
    assert reader.discarded + len(reader.pending) == len(between) * (len(long) + 1)
    assert reader.damaged == 0


@pytest.mark.parametrize("size", [1, 5, 62, 10_000])
def test_replies_of_both_sizes_in_one_stream(size: int) -> None:
    reader = ReplyReader()
    found = fed(reader, b"".join(REPLIES), size) + reader.flush()
    assert found == replies_to(REPLIES)
    assert reader.discarded == 0
    assert not reader.pending


@pytest.mark.parametrize("size", [1, 2, 3, 62, 10_000])
@pytest.mark.parametrize("between", [b"", b"\x00", b"\x55", b"\x55\x00", RUBBISH])
@pytest.mark.parametrize(("form", "jobs"), FORMS)
def test_every_request_in_one_stream_with_rubbish_between(
    size: int, between: bytes, form: JobForm, jobs: list[bytes]
) -> None:
    frames = COMMANDS + jobs
    reader = RequestReader(form)
    stream = between + between.join(frames) + between
    assert fed(reader, stream, size) == requests_of(frames, form)
    assert reader.discarded + len(reader.pending) == len(between) * (len(frames) + 1)
    assert reader.damaged == 0


@cases("stream")
def test_every_stream_of_the_vectors(case: dict[str, Any]) -> None:
    chunks = [bytes.fromhex(chunk) for chunk in case.get("chunks", [case.get("input")])]
    for sizes in ((LONG_REPLY,), (SHORT_REPLY, LONG_REPLY)):
        expected = [bytes.fromhex(frame) for frame in case["expect_frames"]]
        if any(len(frame) not in sizes for frame in expected):
            continue
        for split in (chunks, [bytes((byte,)) for byte in b"".join(chunks)]):
            reader = ReplyReader(sizes)
            found = [reply for chunk in split for reply in reader.feed(chunk)] + reader.flush()
            assert found == replies_to(expected)
            assert reader.discarded == case["discarded_bytes"]
            assert reader.pending.hex() == case.get("remaining", "")


@cases("sequence")
def test_every_sequence_of_the_vectors(case: dict[str, Any]) -> None:
    form = JobForm.MIDSTATE if case["chip"] == "BM1397" else JobForm.FULL
    sent = [bytes.fromhex(step["hex"]) for step in case["steps"] if step["dir"] == "host"]
    heard = [bytes.fromhex(step["hex"]) for step in case["steps"] if step["dir"] == "chip"]
    requests, replies = RequestReader(form), ReplyReader()
    assert [one.encode() for one in fed(requests, b"".join(sent), 7)] == sent
    assert [one.encode() for one in fed(replies, b"".join(heard), 7) + replies.flush()] == heard


def test_a_damaged_reply_costs_itself_only() -> None:
    good = NonceReply(bytes.fromhex("1800a640"), 0x0299, 0x22F9).encode()
    bad = bytearray(good)
    bad[5] ^= 0x10
    reader = ReplyReader((LONG_REPLY,))
    assert len(reader.feed(bytes(bad) + good)) == 1
    assert (reader.damaged, reader.discarded) == (1, len(bad))


@pytest.mark.parametrize("lost", range(1, 11))
def test_lost_bytes_never_cost_the_next_reply(lost: int) -> None:
    good = NonceReply(bytes.fromhex("1800a640"), 0x0299, 0x22F9)
    for start in range(LONG_REPLY - lost + 1):
        frame = good.encode()
        reader = ReplyReader((LONG_REPLY,))
        found = reader.feed(frame[:start] + frame[start + lost :] + good.encode() * 2)
        assert found[-2:] == [good, good], (start, lost)


def test_a_marker_inside_a_good_frame_does_not_count() -> None:
    reply = NonceReply(b"\xaa\x55\xaa\x55", 0xAA55, 0xAA55)
    reader = ReplyReader((LONG_REPLY,))
    assert fed(reader, reply.encode() * 3, 1) == [reply] * 3
    assert reader.discarded == 0


def test_the_end_of_a_stutter_is_dropped() -> None:
    # ESP-Miner issue 1820: bytes repeated on the wire.
    (stutter,) = (case for case in section("response_frame") if case["id"] == "resp-bad-stutter-a")
    reader = ReplyReader((LONG_REPLY,))
    good = RegisterReply(0x13700000, 0, 0, b"\x00\x00")
    assert reader.feed(bytes.fromhex(stutter["hex"]) + good.encode()) == [good]


@pytest.mark.parametrize("head", ["55aa0000", "55aa5205", "55aa5309", "55aa7105", "55aa2136"])
def test_a_request_that_is_none_costs_its_marker_only(head: str) -> None:
    good = write(0xA4, 0x9000FFFF)
    reader = RequestReader(JobForm.MIDSTATE)
    found = reader.feed(bytes.fromhex(head) + good.encode() * 8)
    assert found[-6:] == [good] * 6


def test_a_short_reply_alone_waits_for_the_line_to_be_quiet() -> None:
    reply = RegisterReply(0x13700000, 0, 0)
    reader = ReplyReader()
    assert reader.feed(reply.encode()) == []
    assert reader.flush() == [reply]
    assert reader.flush() == []


@given(st.lists(st.binary(max_size=40)), st.integers(0, 255))
def test_no_bytes_break_the_readers(chunks: list[bytes], register: int) -> None:
    for reader in (ReplyReader(), RequestReader(JobForm.FULL), RequestReader(JobForm.MIDSTATE)):
        for chunk in chunks:
            reader.feed(chunk)
        assert len(reader.pending) <= 152  # the longest frame, four midstates
    reader = RequestReader(JobForm.FULL)
    for chunk in chunks:
        reader.feed(chunk)
    # Whatever came before: two frames of the longest kind later the stream is aligned again.
    good = read(register)
    assert good in reader.feed(good.encode() * 20)


@given(st.lists(st.sampled_from(REPLIES)), st.lists(st.integers(1, 30)))
def test_how_a_stream_is_split_never_matters(frames: list[bytes], splits: list[int]) -> None:
    stream, whole, split = b"".join(frames), ReplyReader(), ReplyReader()
    expected = whole.feed(stream) + whole.flush()
    found: list[Reply] = []
    for size in splits:
        found += split.feed(stream[:size])
        stream = stream[size:]
    found += split.feed(stream) + split.flush()
    assert found == expected == replies_to(frames)


@given(st.integers(0, 31), st.binary(min_size=76, max_size=76), st.integers(0, 255))
def test_jobs_and_commands_keep_their_order(job_id: int, prefix: bytes, register: int) -> None:
    requests: list[Request] = [FullJob(job_id, prefix), read(register), FullJob(job_id, prefix)]
    reader = RequestReader(JobForm.FULL)
    assert reader.feed(b"".join(request.encode() for request in requests)) == requests
    midstate = MidstateJob(job_id, (bytes(32),) * 4, prefix[64:], 4)
    assert RequestReader(JobForm.MIDSTATE).feed(midstate.encode()) == [midstate]
