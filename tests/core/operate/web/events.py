"""Events of a run, and the messages that a page is sent."""

import json
from dataclasses import dataclass
from typing import Any

from stampmill.core.events import JobArrived, ShareAnswered
from stampmill.core.job import Nonce, RejectReason, Share, ShareResult, Verdict, Work
from stampmill.core.job_source import FixedJobSource

JOB = FixedJobSource(share_target=2**250).job()
NONCE = Nonce(Work(JOB, b"", bytes(32), 0, (0,), 0, 1, 0), 7, 0, 0, 0.0, "cpu0")
SHARE = Share(NONCE, bytes(32), 2.5, solves_block=False)
ACCEPTED = ShareAnswered(SHARE, ShareResult(Verdict.ACCEPTED, latency=0.01))
REJECTED = ShareAnswered(
    SHARE, ShareResult(Verdict.REJECTED, RejectReason.DUPLICATE, "Duplicate share", 0.02)
)
ARRIVED = JobArrived(JOB)


@dataclass
class Message:
    """One server-sent event."""

    kind: str
    data: Any
    id: str = ""


def messages(data: bytes) -> list[Message]:
    """Cut what came into messages, as a browser does; what is not over yet is left out."""
    found = []
    for block in data.decode().split("\n\n")[:-1]:
        fields = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line)
        if "event" in fields:
            found.append(Message(fields["event"], json.loads(fields["data"]), fields.get("id", "")))
    return found
