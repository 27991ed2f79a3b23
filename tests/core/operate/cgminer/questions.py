"""Requests as clients send them, to a run on two pools with two devices."""

from dataclasses import replace

from stampmill.core.job_source import SourceState, SourceStatus
from stampmill.core.operate.access import Access
from stampmill.core.operate.cgminer.answers import Answers
from stampmill.core.operate.cgminer.request import RequestReader
from stampmill.core.snapshot import Latency, PoolStanding, Shares
from tests.core.operate.desks import Rig
from tests.core.snapshots import DEVICE, NO_LATENCY, SHARES, SOURCE

NAME = "stampmill 1.0"
QUESTIONS = {
    "version": b'{"command":"version"}',
    "config": b'{"command":"config"}',
    "summary": b'{"command":"summary"}',
    "pools": b'{"command":"pools"}',
    "devs": b'{"command":"devs"}',
    "devdetails": b'{"command":"devdetails"}',
    "notify": b'{"command":"notify"}',
    "stats": b'{"command":"stats"}',
    "coin": b'{"command":"coin"}',
    "lcd": b'{"command":"lcd"}',
    "asc": b'{"command":"asc","parameter":1}',
    "joined": b'{"command":"version++asccount+version+quit+nonsense"}',
    "invalid": b'{"command":"nonsense"}',
    "broken": b'{"command":summary}',
    "nameless": b'{"parameter":"0"}',
    "denied": b'{"command":"quit"}',
    "text-summary": b"summary",
    "text-devs": b"devs",
    "text-joined": b"version+pgacount",
    "text-asc": b"asc|0",
}


def world() -> Rig:
    """Return a run with something in every field."""
    backup = SourceStatus(
        "stratum", SourceState.DISCONNECTED, "stratum+tcp://b,1:2", "me=2", number=1, rank=1,
        faults=(("refused", 3),),
    )  # fmt: skip
    rejects = Shares(rejected=2, rejected_difficulty=1.0, reject_reasons=(("duplicate", 2),))
    return Rig(
        seconds=90.5,
        devices=(DEVICE, replace(DEVICE, name="cpu1", alive=False, shares=Shares())),
        pools=(
            PoolStanding(SOURCE, True, SHARES, Latency(21, 0.01, 0.05, 0.4, (0,) * 18), 3),
            PoolStanding(backup, False, rejects, NO_LATENCY, 1),
        ),
        rejected=2,
        jobs=4,
        hardware_errors=1,
    )


def ask(rig: Rig, data: bytes, access: Access = Access.READ) -> bytes:
    """Return the reply to a request that came at once."""
    request = RequestReader().feed(data)
    assert request is not None, "it waits for more"
    return Answers(rig.desk, NAME, now=lambda: 1_764_000_000.9).to(request, access, "127.0.0.1")
