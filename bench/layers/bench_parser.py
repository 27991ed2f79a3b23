"""Stratum: from bytes to lines, from lines to messages."""

from hashlib import sha256
from typing import Any

import pytest

from stampmill.pool.stratum.framing import LineReader
from stampmill.pool.stratum.json_line import decode_line
from stampmill.pool.stratum.messages import encode, read_server_message
from stampmill.pool.stratum.notifications import Notify

_SEGMENT = 1448  # bytes of a TCP segment in an Ethernet frame, with timestamps


def notify(branches: int) -> Notify:
    """Return a job of mainnet's usual size."""
    branch = tuple(sha256(bytes([number])).digest() for number in range(branches))
    return Notify(
        "1f", bytes(32), bytes(60), bytes(120), branch, 1 << 29, 0x1703A30C, 1 << 30, True
    )


@pytest.mark.parametrize("branches", [0, 12])
def test_job_is_read(benchmark: Any, branches: int) -> None:
    """From a whole line to a typed job."""
    line = encode(notify(branches)).rstrip(b"\n")
    read = benchmark(lambda: read_server_message(decode_line(line)))
    assert read == notify(branches)


def test_lines_are_cut_from_segments(benchmark: Any) -> None:
    """A hundred jobs, as TCP hands them over."""
    stream = encode(notify(12)) * 100
    segments = [stream[at : at + _SEGMENT] for at in range(0, len(stream), _SEGMENT)]
    assert benchmark(_cut, segments) == 100


def _cut(segments: list[bytes]) -> int:
    reader = LineReader(1 << 16)
    count = 0
    for segment in segments:
        reader.feed(segment)
        while reader.next_line() is not None:
            count += 1
    return count
