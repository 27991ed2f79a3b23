"""Prices by time: each holds from a start to an end, and between two of them there may be none."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from zoneinfo import ZoneInfo

from stampmill.core.energy.prices.spans import local_time
from stampmill.core.errors import UsageError

ALONE_SECONDS = 3600.0
"""How long a price holds that is the only one and has no end: an hour, as most are."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A price from a start on, in seconds since 1970; `end` None: till the next one's start."""

    place: str
    """Where it was found, for errors."""
    start: float
    end: float | None
    price: float


@dataclass(frozen=True, slots=True)
class PriceTable:
    """Prices of a kilowatt-hour; the three lists are in step, and sorted."""

    starts: tuple[float, ...]
    ends: tuple[float, ...]
    prices: tuple[float, ...]

    def price(self, unix: float) -> float | None:
        """Return the price at a time since 1970, or None if none is known."""
        index = bisect_right(self.starts, unix) - 1
        return self.prices[index] if index >= 0 and unix < self.ends[index] else None

    @property
    def over_at(self) -> float:
        """Seconds since 1970 at which the last price ends."""
        return self.ends[-1]

    @property
    def gaps(self) -> tuple[tuple[float, float], ...]:
        """From when to when there is no price, between the first and the last."""
        return tuple(
            (end, start)
            for end, start in zip(self.ends, self.starts[1:], strict=False)
            if start > end
        )

    def described(self, zone: ZoneInfo | None) -> str:
        """Return how many there are, of which times, in a few words."""
        first, last = (_shown(unix, zone) for unix in (self.starts[0], self.over_at))
        gaps = self.gaps
        text = f"{len(self.prices)}, {first} - {last}"
        if gaps:
            text += f", none for {_shown(gaps[0][0], zone)} - {_shown(gaps[0][1], zone)}"
        return text + f" and {len(gaps) - 1} more gaps" * (len(gaps) > 1)


def table_of(entries: Sequence[Entry]) -> PriceTable:
    """Return them in order; raise UsageError if there is none, or if two hold at once.

    Without an end a price holds until the next one; but where most are equally long, none is
    longer, so that a missing hour is one without a price.
    """
    if not entries:
        raise UsageError("it holds no price")
    ordered = sorted(entries, key=lambda entry: entry.start)
    usual = _usual_length(ordered)
    ends = []
    for entry, after in pairwise(ordered):
        if entry.start == after.start or (entry.end or entry.start) > after.start:
            raise UsageError(f"{entry.place} and {after.place} overlap: which price holds?")
        ends.append(entry.end or min(after.start, entry.start + (usual or after.start)))
    last = ordered[-1]
    ends.append(last.end or last.start + (usual or _length_before(ordered)))
    starts, prices = (tuple(getattr(each, name) for each in ordered) for name in ("start", "price"))
    return PriceTable(starts, tuple(ends), prices)


def _usual_length(ordered: Sequence[Entry]) -> float | None:
    """Return the distance of two starts that more than half of them have, if there is one."""
    lengths = Counter(round(after.start - entry.start) for entry, after in pairwise(ordered))
    length, count = max(lengths.items(), key=lambda pair: pair[1], default=(0, 0))
    return float(length) if length > 0 and 2 * count > len(ordered) - 1 > 1 else None


def _length_before(ordered: Sequence[Entry]) -> float:
    return ordered[-1].start - ordered[-2].start if len(ordered) > 1 else ALONE_SECONDS


def _shown(unix: float, zone: ZoneInfo | None) -> str:
    return f"{local_time(unix, zone):%Y-%m-%d %H:%M}"
