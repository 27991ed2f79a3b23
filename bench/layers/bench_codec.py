"""What goes out: shares to a pool, jobs to a chip; and a chip's answers."""

from typing import Any

from stampmill.core.backends.asic.wire.frames import ReplyReader
from stampmill.core.backends.asic.wire.jobs import FullJob, JobForm, decode_job
from stampmill.core.backends.asic.wire.replies import NonceReply
from stampmill.pool.stratum.messages import encode
from stampmill.pool.stratum.requests import Submit

_SUBMIT = Submit("user.worker", "1f", bytes(8), 1 << 30, 0x12345678, 0x2000)


def test_share_is_written(benchmark: Any) -> None:
    """The last step between a nonce found and its bytes sent."""
    assert benchmark(encode, _SUBMIT, 7).endswith(b"\n")


def test_chip_job_is_written_and_read(benchmark: Any) -> None:
    """A BM1370's job frame, with its CRC16 twice."""
    job = FullJob(3, bytes(range(76)))
    assert benchmark(lambda: decode_job(job.encode(), JobForm.FULL)) == job


def test_chip_replies_are_cut_from_a_stream(benchmark: Any) -> None:
    """A hundred nonces, as a serial line hands them over."""
    stream = NonceReply(b"\1\2\3\4", 5, 6).encode() * 100
    assert len(benchmark(lambda: ReplyReader((11,)).feed(stream))) == 100
