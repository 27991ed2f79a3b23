"""How far one chip is in its search of one job: batches of versions, each swept from the start."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from stampmill.core.emulator.chips.searching import Batch, Found, Search

MakeSearch = Callable[[Batch], Search]


@dataclass(frozen=True, slots=True)
class Course:
    """What a chip's registers make of a job.

    `counters` are all version counters in order, of which so many as `width` are hashed at once;
    behind the last ones the first come again. `first` is the batch of the first ones. Each core
    tests `active` nonces in a batch, then idles for as long as `gap` more would take.
    """

    first: Batch
    counters: Sequence[int]
    width: int
    active: float
    gap: float

    def batch(self, index: int) -> Batch:
        """Return a batch by its place in the order."""
        batches = -(-len(self.counters) // self.width)
        at = index % batches * self.width
        return replace(self.first, counters=tuple(self.counters[at : at + self.width]))


class Sweeper:
    """Goes through a course, a number of counts at a time."""

    def __init__(self, make_search: MakeSearch, course: Course) -> None:
        self.batch = 0
        """Batches that are done."""
        self.hashes = 0
        self._make_search = make_search
        self._course = course
        self._position = 0.0
        self._search: Search | None = None
        self._current = course.first

    def go_over(self, course: Course) -> None:
        """Go on from here by other registers."""
        self._course = course
        self._search = None

    def advance(self, counts: float) -> Iterator[tuple[float, Found, Batch]]:
        """Yield what is found in so many counts, each with the counts gone by until then."""
        left = counts
        while left > 0:
            active, total = self._course.active, self._course.active + self._course.gap
            before = min(self._position, total)
            self._position = after = min(before + left, total)
            first, end = int(min(before, active)), int(min(after, active))
            if end > first:
                for found in self._searched(first, end):
                    yield counts - left + max(found.offset + 1 - before, 0.0), found, self._current
            if after >= total:
                self._position, self._search = 0.0, None
                self.batch += 1
            elif after == before:  # less is left than a float of this size can tell
                return
            left -= after - before

    def _searched(self, first: int, end: int) -> Sequence[Found]:
        if self._search is None:
            self._current = self._course.batch(self.batch)
            self._search = self._make_search(self._current)
        self.hashes += (end - first) * self._current.cores * len(self._current.counters)
        return self._search.run(first, end)
