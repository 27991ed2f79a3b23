"""Hours and days as people write them, over midnight and on the days when clocks are changed."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stampmill.core.energy.prices.spans import DAYS, local_time, parse_span, zone_named
from stampmill.core.errors import UsageError

BERLIN = ZoneInfo("Europe/Berlin")


def holds(text, day, time):
    """Tell whether a span holds at a time of a day of a week that begins on Monday."""
    hour, minute = map(int, time.split(":"))
    moment = datetime(2025, 11, 24 + DAYS.index(day), hour, minute, tzinfo=UTC)
    return parse_span(text, "mine-hours").holds(moment)


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("08:00-12:00", ["mon 08:00", "sun 11:59"], ["mon 07:59", "sun 12:00"]),
        ("22:00-06:00", ["mon 22:00", "mon 05:59", "tue 00:00"], ["mon 21:59", "mon 06:00"]),
        ("fri 22:00-06:00", ["fri 22:00", "sat 05:59"], ["fri 05:59", "sat 22:00", "sat 06:00"]),
        ("sun 22:00-06:00", ["sun 23:00", "mon 01:00"], ["mon 23:00", "sun 01:00"]),
        ("sat-mon 00:00-24:00", ["sat 00:00", "sun 12:00", "mon 23:59"], ["tue 00:00"]),
        ("mon+wed 10:00-11:00", ["mon 10:30", "wed 10:30"], ["tue 10:30"]),
        ("mon-tue+sun 10:00-24:00", ["sun 23:59", "tue 10:00"], ["wed 10:00", "wed 00:00"]),
        ("FRI 9:00-10:00", ["fri 09:30"], ["sat 09:30"]),
    ],
)
def test_a_span_holds_at_its_hours(text, inside, outside):
    assert [moment for moment in inside if not holds(text, *moment.split())] == []
    assert [moment for moment in outside if holds(text, *moment.split())] == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("night", "write hours as 22:00-06:00"),
        ("22-6", "write hours as 22:00-06:00"),
        ("25:00-26:00", "there is no 25:00"),
        ("22:60-23:00", "there is no 22:60"),
        ("24:01-08:00", "there is no 24:01"),
        ("08:00-08:00", "a whole day is 00:00-24:00"),
        ("24:00-08:00", "a whole day is 00:00-24:00"),
        ("so 10:00-11:00", "'so' is no day"),
        ("mon- 10:00-11:00", "'mon-' is no day"),
        ("", "write hours as"),
    ],
)
def test_hours_that_cannot_be_are_named(text, why):
    with pytest.raises(UsageError) as error:
        parse_span(text, "mine-hours")
    assert str(error.value).startswith(f"mine-hours '{text}': ")
    assert why in str(error.value)


def minutes_held(text, day, zone):
    """Return for how many minutes of a local day a span holds."""
    span, begin = parse_span(text, "mine-hours"), datetime(*day, tzinfo=zone).timestamp()
    end = (datetime(*day, tzinfo=zone) + timedelta(days=1)).timestamp()
    return sum(span.holds(local_time(unix, zone)) for unix in range(int(begin), int(end), 60))


@pytest.mark.parametrize(
    ("day", "hours"),
    [((2025, 3, 30), 5), ((2025, 10, 26), 7), ((2025, 11, 24), 6)],
    ids=["clocks forward", "clocks back", "usual"],
)
def test_hours_are_as_clocks_show_them_when_those_are_changed(day, hours):
    assert minutes_held("00:00-06:00", day, BERLIN) == 60 * hours
    assert minutes_held("00:00-24:00", day, BERLIN) == 60 * (hours + 18)


def test_an_hour_that_a_night_leaves_out_never_comes():
    assert minutes_held("02:00-03:00", (2025, 3, 30), BERLIN) == 0
    assert minutes_held("02:00-03:00", (2025, 10, 26), BERLIN) == 120


def test_a_zone_that_is_not_known_is_named_with_the_cure():
    for name in ("Europe/Nowhere", "../../etc/passwd", "", "CET\0"):
        with pytest.raises(UsageError, match=r"time-zone '.*' is not known here: write one as"):
            zone_named(name)
    assert zone_named(None) is None
    assert zone_named("Europe/Berlin") == BERLIN


minutes = st.integers(0, 24 * 60)


@given(first=minutes, end=minutes, at=st.integers(0, 7 * 24 * 60 - 1), zone=st.just(UTC))
def test_two_spans_that_share_their_ends_part_the_week(first, end, at, zone):
    if first == end or 24 * 60 in {first, end} or 0 in {first, end}:
        return
    shown = [f"{minute // 60:02}:{minute % 60:02}" for minute in (first, end)]
    moment = datetime(2025, 11, 24, tzinfo=zone) + timedelta(minutes=at)
    one, other = (
        parse_span("-".join(pair), "mine-hours").holds(moment) for pair in (shown, shown[::-1])
    )
    assert one is not other
