"""What each job id of a board stands for."""

from collections import OrderedDict
from collections.abc import Sequence
from itertools import cycle

from stampmill.core.job import Work

# One in 2**40 hashes of a job at most is reported, and a job has 2**48; emulators report more.
_REMEMBERED = 65_536


class Entry:
    """Work that was handed to a board, at a ticket of so many zero bits beyond its own."""

    __slots__ = ("_seen", "stale", "ticket_bits", "work")

    def __init__(self, work: Work, ticket_bits: int) -> None:
        self.work = work
        self.ticket_bits = ticket_bits
        self.stale = False
        """A clean job came since."""
        self._seen: OrderedDict[tuple[int, int], None] = OrderedDict()

    def is_new(self, nonce: int, version: int) -> bool:
        """Tell whether this was not found before, and remember it."""
        if (nonce, version) in self._seen:
            return False
        self._seen[nonce, version] = None
        if len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)
        return True


class JobTable:
    """The latest works of a board, one for each job id; a later one takes the oldest id."""

    def __init__(self, job_ids: Sequence[int]) -> None:
        self._next = cycle(job_ids)
        self._entries: dict[int, Entry] = {}
        self._latest: tuple[Entry, ...] = ()

    def add(self, work: Work, ticket_bits: int) -> int:
        """Take in work; return the id to hand it out under."""
        job_id = next(self._next)
        entry = self._entries[job_id] = Entry(work, ticket_bits)
        self._latest = (entry, *self._latest[:1])
        return job_id

    def candidates(self, job_id: int | None) -> tuple[Entry, ...]:
        """Return what a reply may be for: its job, or where it says none the last two handed out.

        A nonce of the old work may still come after the new work has been sent.
        """
        if job_id is None:
            return self._latest
        entry = self._entries.get(job_id)
        return () if entry is None else (entry,)

    def bury(self) -> None:
        """Mark all of it stale."""
        for entry in (*self._entries.values(), *self._latest):
            entry.stale = True
