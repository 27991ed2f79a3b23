"""Parts of the week as people write them: `22:00-06:00`, `mon-fri 08:00-12:00`."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from stampmill.core.errors import UsageError

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MINUTES = 24 * 60

_FORM = re.compile(r"(?:(?P<days>[a-z+-]+)\s+)?(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})")


@dataclass(frozen=True, slots=True)
class Span:
    """From a minute of the day to another, which may be the next day's. Days are 0 for Monday.

    Over midnight the day is that on which it begins. Clocks count as they show: a night in which
    they are put forward is an hour shorter, one in which they are put back an hour longer.
    """

    days: frozenset[int]
    first: int
    end: int
    text: str

    def holds(self, local: datetime) -> bool:
        """Tell whether a moment, in local time, is part of it."""
        minute, day = 60 * local.hour + local.minute, local.weekday()
        if self.first < self.end:
            return self.first <= minute < self.end and day in self.days
        if minute >= self.first:
            return day in self.days
        return minute < self.end and (day - 1) % 7 in self.days


def parse_span(text: str, option: str) -> Span:
    """Return what a text means; raise UsageError naming the option it was said with."""
    match = _FORM.fullmatch(text.strip().lower())
    if match is None:
        raise UsageError(
            f"{option} '{text}': write hours as 22:00-06:00, with days as mon-fri 22:00-06:00"
        )
    first, end = (_minute(match, group, text, option) for group in (2, 4))
    if first in {end, DAY_MINUTES}:
        raise UsageError(f"{option} '{text}': no time at all; a whole day is 00:00-24:00")
    return Span(_days(match["days"], text, option), first, end, text.strip())


def parse_spans(texts: Iterable[str], option: str) -> tuple[Span, ...]:
    """Return what several texts mean."""
    return tuple(parse_span(text, option) for text in texts)


def zone_named(name: str | None) -> ZoneInfo | None:
    """Return a time zone, or None for this machine's; raise UsageError for an unknown one."""
    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, LookupError) as error:
        raise UsageError(
            f"time-zone '{name}' is not known here: write one as Europe/Berlin; if none is known, "
            "install the system's tzdata, or pip install tzdata"
        ) from error


def local_time(unix: float, zone: ZoneInfo | None) -> datetime:
    """Return a time since 1970 as clocks of the zone show it."""
    return datetime.fromtimestamp(unix, zone)


def _minute(match: re.Match[str], group: int, text: str, option: str) -> int:
    hour, minute = int(match[group]), int(match[group + 1])
    total = 60 * hour + minute
    if minute > 59 or total > DAY_MINUTES:
        shown = f"{match[group]}:{match[group + 1]}"
        raise UsageError(f"{option} '{text}': there is no {shown}, a day is 00:00-24:00")
    return total


def _days(said: str | None, text: str, option: str) -> frozenset[int]:
    if said is None:
        return frozenset(range(7))
    days: set[int] = set()
    for part in said.split("+"):
        first, _, last = part.partition("-")
        if first not in DAYS or (last or first) not in DAYS or part.endswith("-"):
            raise UsageError(
                f"{option} '{text}': '{part}' is no day; write {', '.join(DAYS)}, mon-fri, sat+sun"
            )
        start, count = DAYS.index(first), (DAYS.index(last or first) - DAYS.index(first)) % 7
        days |= {(start + step) % 7 for step in range(count + 1)}
    return frozenset(days)
