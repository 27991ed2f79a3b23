"""What happens in a run, each event as a small record that is good for JSON."""

from collections.abc import Callable

import msgspec

from stampmill.core.events import Event, HardwareError, JobArrived, Notice, ShareAnswered
from stampmill.core.job import ShareSink
from stampmill.core.snapshot import Snapshot

MAX_TEXT = 300
"""Characters of what a pool or a device said of itself: it may say much."""

Place = Callable[[ShareSink], int | None]
"""Returns the number of the pool that a job came from."""


class News(msgspec.Struct, frozen=True, omit_defaults=True):
    """One event. `id` counts up from 1, `at` is seconds since 1970, `latency` seconds.

    `kind` is job, notice, warning, hardware-error, or what became of a share.
    """

    id: int
    at: float
    kind: str
    text: str = ""
    about: str = ""
    pool: int | None = None
    job: str = ""
    clean: bool = False
    device: str = ""
    difficulty: float | None = None
    latency: float | None = None
    reason: str = ""
    block: bool = False
    lasting: bool = False
    """Keep it in view."""

    @property
    def is_share(self) -> bool:
        """Tell whether it is about a share that found its end."""
        return self.kind not in _OTHER_KINDS


_OTHER_KINDS = {"job", "notice", "warning", "hardware-error"}


def news_of(event: Event, number: int, at: float, place: Place) -> News:
    """Return the record of an event."""
    match event:
        case Notice():
            kind = "warning" if event.warning else "notice"
            text, lasting = _cut(event.text), event.lasting
            return News(number, at, kind, text=text, about=event.about, lasting=lasting)
        case JobArrived(job):
            return News(
                number,
                at,
                "job",
                pool=place(job.sink),
                job=_cut(job.id),
                clean=job.clean,
                difficulty=job.difficulty,
            )
        case ShareAnswered():
            return _of_share(event, number, at, place)
        case HardwareError(nonce):
            text = f"nonce {nonce.nonce:08x} misses the target"
            device, job_id = _cut(nonce.device), _cut(nonce.work.job.id)
            return News(number, at, "hardware-error", text=text, job=job_id, device=device)


def pool_number(shot: Snapshot | None, sink: ShareSink) -> int | None:
    """Return the number of the pool whose jobs have this sink, once a snapshot has told."""
    pools = shot.pools if shot else ()
    mine = (p.status.number for p in pools if len(pools) == 1 or p.status.sink == sink)
    return next(mine, None)


def _of_share(event: ShareAnswered, number: int, at: float, place: Place) -> News:
    share, result = event.share, event.result
    return News(
        number,
        at,
        result.verdict.value,
        text=_cut(result.text or ""),
        pool=place(share.job.sink),
        job=_cut(share.job.id),
        device=_cut(share.nonce.device),
        difficulty=share.difficulty,
        latency=result.latency,
        reason=result.reason.value if result.reason else "",
        block=share.solves_block,
    )


def _cut(text: str) -> str:
    return text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}…"
