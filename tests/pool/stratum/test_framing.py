import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stampmill.pool.stratum.framing import LineReader, LineTooLongError


def read_all(segments: list[bytes], limit: int = 1000) -> list[bytes]:
    reader = LineReader(limit)
    lines: list[bytes] = []
    for segment in segments:
        reader.feed(segment)
        while (line := reader.next_line()) is not None:
            lines.append(line)
    return lines


STREAM = b'{"a":1}\r\n\n\r\n{"b":2}\n{"c":3}\n'
LINES = [b'{"a":1}', b'{"b":2}', b'{"c":3}']


def test_both_line_ends_are_taken_and_empty_lines_skipped() -> None:
    assert read_all([STREAM]) == LINES


@given(st.lists(st.integers(0, len(STREAM)), max_size=8))
def test_any_segmentation_gives_the_same_lines(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(STREAM)]
    segments = [STREAM[a:b] for a, b in pairwise(edges)]
    assert read_all(segments) == LINES


def test_byte_by_byte_gives_the_same_lines() -> None:
    assert read_all([bytes([byte]) for byte in STREAM]) == LINES


def test_an_unfinished_line_waits() -> None:
    reader = LineReader(100)
    reader.feed(b'{"a":')
    assert reader.next_line() is None
    assert reader.unfinished() == 5


def test_a_line_of_the_limit_passes_and_one_byte_more_does_not() -> None:
    assert read_all([b"x" * 50 + b"\n"], limit=50) == [b"x" * 50]
    with pytest.raises(LineTooLongError, match="50 bytes"):
        read_all([b"x" * 51 + b"\n"], limit=50)


def test_an_unfinished_line_beyond_the_limit_is_refused_at_once() -> None:
    with pytest.raises(LineTooLongError):
        read_all([b"x" * 30, b"x" * 30], limit=50)


def test_the_limit_may_change_between_two_lines_of_one_segment() -> None:
    reader = LineReader(10)
    reader.feed(b"short\n" + b"x" * 100 + b"\n")
    assert reader.next_line() == b"short"
    reader.limit = 100
    assert reader.next_line() == b"x" * 100


@pytest.mark.parametrize("segment", [b"x", b"\n", b"x\n"])
def test_a_megabyte_in_tiny_segments_takes_linear_time(segment: bytes) -> None:
    def seconds(count: int) -> float:
        started = time.process_time()
        read_all([segment] * count, limit=1 << 20)
        return time.process_time() - started

    seconds(1000)
    small = min(seconds(10_000) for _ in range(3))
    assert seconds(100_000) < 40 * small  # ten times the work; a rescan would cost a hundred


def test_what_is_cleared_is_never_handed_out() -> None:
    reader = LineReader(100)
    reader.feed(b"one\ntw")
    reader.clear()
    assert reader.unfinished() == 0
    reader.feed(b"o\nthree\n")
    assert [reader.next_line() for _ in range(3)] == [b"o", b"three", None]
