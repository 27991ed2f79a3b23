"""A miner whose pool says anything."""

import json

from stampmill.core.job import Job, Nonce, Share, Work
from stampmill.pool.upstream.events import (
    ClientEvent,
    ClientState,
    EndCause,
    Ended,
    JobReceived,
    ShareAnswered,
)
from stampmill.pool.upstream.plan import ClientPlan, ResumePoint
from stampmill.pool.upstream.protocol import ClientProtocol

from .lines import HANDSHAKE, NOTIFY

START = 1000.0


class _Sink:
    def submit(self, share: Share) -> None:
        """Take a share nowhere: the target submits by itself."""


class ClientWorld:
    """Obeys orders until the connection is over, and after it."""

    def __init__(self, *, authorized: bool) -> None:
        plan = ClientPlan(
            "fuzz/1.0", "w", suggest_difficulty=1.0, minimum_difficulty=0.5,
            extranonce_subscribe=True, resume=ResumePoint("5e55", b"\x08\x00\x00\x02"),
        )  # fmt: skip
        self.now = START
        self.protocol = ClientProtocol(plan, _Sink())
        self.job: Job | None = None
        self.sent = 0
        self.answered: set[int] = set()
        self.over = False
        self.protocol.start(self.now)
        if authorized:
            self.take(self.protocol.feed(HANDSHAKE + NOTIFY, self.now))

    def obey(self, order: bytes) -> None:
        match order[:2]:
            case b"@t":
                self.now += int(order[2:8]) if order[2:8].isdigit() else 1.0
                self.take(self.protocol.poll(self.now))
                assert self.over or self.protocol.next_deadline() > self.now
            case b"@s":
                self.submit()
            case b"@z":
                self.take(self.protocol.feed(order[2:], self.now))
            case _:
                self.take(self.protocol.feed(order + b"\n", self.now))

    def submit(self) -> None:
        job = self.job
        if job is None:
            return
        self.sent += 1
        bits = job.version_mask & -job.version_mask
        version = job.version | (bits if self.sent % 2 else 0)
        extranonce2 = bytes(job.extranonce2_size)
        work = Work(job, extranonce2, bytes(32), job.ntime, (version,), 0, 1 << 32, 1)
        nonce = Nonce(work, self.sent, version, job.ntime, self.now, "fuzz")
        self.take(self.protocol.submit(Share(nonce, bytes(32), 1.0, False), self.now))

    def take(self, events: list[ClientEvent]) -> None:
        for event in events:
            assert not self.over or isinstance(event, ShareAnswered), "an event behind the end"
            assert_line(getattr(event, "text", ""))
            match event:
                case JobReceived(job):
                    assert len(job.coinbase1) + len(job.coinbase2) <= 100_000
                    assert 0 < job.share_target < 1 << 256
                    assert job.version_mask & ~0x1FFFE000 == 0
                    self.job = job
                case ShareAnswered(share, _):
                    assert share.nonce.nonce not in self.answered, "a share with two results"
                    self.answered.add(share.nonce.nonce)
                case Ended():
                    self.over = True
        for line in self.protocol.data_to_send().splitlines():
            assert len(line) < 2 * 1024
            assert isinstance(json.loads(line), dict)

    def close(self) -> None:
        self.take(self.protocol.end(EndCause.STOPPED, "stopped", self.now))
        assert self.protocol.state is ClientState.CLOSED
        assert self.answered == set(range(1, self.sent + 1)), "a share without a result"


def assert_line(text: str) -> None:
    """Check that a text is one line, safe to print."""
    assert text.isprintable(), text
    assert len(text) < 2000, len(text)
