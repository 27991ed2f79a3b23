import pytest

from stampmill.core import native
from stampmill.core.backends.asic.chip import registers as r
from stampmill.core.backends.asic.wire.commands import write
from stampmill.core.backends.asic.wire.jobs import FullJob
from stampmill.core.backends.asic.wire.replies import NonceReply
from stampmill.core.chain.header import with_version
from stampmill.core.chain.sha256d import sha256d
from stampmill.core.emulator.boards.kinds import BoardOptions
from stampmill.core.emulator.chips.ticket import leading_zeros
from stampmill.core.emulator.faults.catalogue import parse
from stampmill.core.emulator.replay import captured_jobs, replayed
from stampmill.core.errors import UsageError
from tests.core.emulator.rigs import read_reply

pytestmark = pytest.mark.skipif(not native.available(), reason=native.why_unavailable() or "built")

RATE = 50 * 2.0**40  # at the usual ticket of 256 a nonce per 20 ms
BLOCK = next(prefix for prefix in captured_jobs() if prefix[72:76].hex() == "19420317")
START = (
    write(r.VERSION_ROLLING, 0x9000FFFF), write(r.MISC_CONTROL, 0xF000C100),
    write(r.TICKET_MASK, 0xFF), write(r.PLL, 0x50C20240),
)  # fmt: skip


def chain_of(**more):
    options = BoardOptions(**({"kind": "bm1366", "rate": RATE, "zero_bits": 32} | more))
    return replayed(options).ports[0].emulation.device


def replies(chain, seconds, job=BLOCK):
    for frame in (*START, FullJob(3, job)):
        chain.feed(frame.encode(), 1.0, 115_200)
    chain.advance(1.0 + seconds)
    return [(one.at, read_reply(one.data)) for one in chain.sent()]


def test_captured_nonces_come_at_the_boards_full_rate_and_solve_the_job():
    found = replies(chain_of(), 10.0)
    assert 500 - 5 * 500**0.5 < len(found) < 500 + 5 * 500**0.5
    times = [at for at, _ in found]
    assert times == sorted(times)
    for _, reply in found:
        assert isinstance(reply, NonceReply)
        version = 0x20000000 | reply.version << 13
        digest = sha256d(with_version(BLOCK, version) + reply.nonce)
        assert leading_zeros(digest) >= 40
    assert len({reply.nonce for _, reply in found}) > 20


def test_a_harder_ticket_makes_fewer_nonces_and_only_those_that_pass():
    chain = chain_of()
    chain.feed(write(r.TICKET_MASK, r.ticket_mask(10)).encode(), 0.5, 115_200)
    for frame in START[:2] + START[3:]:
        chain.feed(frame.encode(), 1.0, 115_200)
    chain.feed(FullJob(3, BLOCK).encode(), 1.0, 115_200)
    chain.advance(41.0)
    found = [read_reply(one.data) for one in chain.sent()]
    assert 350 < len(found) < 650
    versions = {(reply.nonce, 0x20000000 | reply.version << 13) for reply in found}
    assert all(
        leading_zeros(sha256d(with_version(BLOCK, version) + nonce)) >= 42
        for nonce, version in versions
    )


def test_a_job_that_was_never_captured_is_never_answered():
    chain = chain_of()
    assert replies(chain, 5.0, bytes(76)) == []
    assert chain.finder.missed > 100


def test_faults_hold_for_it_as_well():
    chain = chain_of(faults=parse(["duplicate:2"]))
    found = [reply for _, reply in replies(chain, 5.0)]
    assert len(found) > 300


@pytest.mark.parametrize("kind", ["icarus", "erupter", "bm1397"])
def test_what_has_no_captures_is_refused(kind):
    with pytest.raises(UsageError, match=f"no jobs of {kind}"):
        chain_of(kind=kind)
