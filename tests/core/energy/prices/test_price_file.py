"""Prices out of a file: what it may look like, what is named as wrong, and what if it changes."""

import json
import os
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stampmill.core.energy.prices.price_file import PriceFile, parse_prices, read_prices
from stampmill.core.energy.prices.price_table import Entry, table_of
from stampmill.core.errors import UsageError

BERLIN = ZoneInfo("Europe/Berlin")
HOURLY = "start,price\n2025-11-24T00:00Z,0.30\n2025-11-24T01:00Z,0.25\n2025-11-24T02:00Z,-0.01\n"


def at(text):
    return datetime.fromisoformat(text).timestamp()


def refusal(text, zone=None):
    with pytest.raises(UsageError) as error:
        parse_prices(text, zone)
    return str(error.value)


@pytest.mark.parametrize(
    "text",
    [
        HOURLY,
        "# of the day\n\n" + HOURLY.partition("\n")[2],
        HOURLY.replace(",", ";").replace(".", ","),
        "\n".join(reversed(HOURLY.splitlines()[1:])),
        json.dumps(
            [
                {"start": f"2025-11-24T0{hour}:00+00:00", "price": price}
                for hour, price in enumerate((0.30, 0.25, -0.01))
            ]
        ),
    ],
    ids=["header", "comments", "semicolons", "backwards", "json"],
)
def test_prices_hold_from_their_start_to_the_next(text):
    table = parse_prices(text, None)
    assert table.price(at("2025-11-23T23:59:59Z")) is None
    assert table.price(at("2025-11-24T00:00:00Z")) == 0.30
    assert table.price(at("2025-11-24T01:59:59Z")) == 0.25
    assert table.price(at("2025-11-24T02:59:59Z")) == -0.01
    assert table.price(at("2025-11-24T03:00:00Z")) is None
    assert table.gaps == ()


def test_prices_of_a_megawatt_hour_are_made_those_of_a_kilowatt_hour():
    assert parse_prices("2025-11-24T00:00Z,87.5", None, "MWh").prices == (0.0875,)


def test_a_missing_hour_among_hours_has_no_price():
    text = "".join(f"2025-11-24T{hour:02}:00Z,0.3\n" for hour in range(24) if hour not in {7, 8})
    table = parse_prices(text, None)
    assert table.price(at("2025-11-24T06:59Z")) == 0.3
    assert table.price(at("2025-11-24T07:00Z")) is None
    assert table.gaps == ((at("2025-11-24T07:00Z"), at("2025-11-24T09:00Z")),)
    assert "none for 2025-11-24 08:00 - 2025-11-24 10:00" in table.described(BERLIN)


def test_prices_that_are_not_equally_long_hold_till_the_next_one():
    table = parse_prices("2025-11-24 00:00Z,1\n2025-11-24 06:00Z,2\n2025-11-24 22:00Z,3", None)
    assert table.price(at("2025-11-24T21:59Z")) == 2
    assert table.over_at == at("2025-11-25T14:00Z"), "as long as the one before"
    assert table.gaps == ()


def test_an_end_that_is_said_holds():
    table = parse_prices("start,end,price\n2025-11-24T00:00Z,2025-11-24T00:15Z,0.5", None)
    assert (table.price(at("2025-11-24T00:14Z")), table.price(at("2025-11-24T00:15Z"))) == (
        0.5,
        None,
    )
    assert parse_prices("2025-11-24T00:00Z,0.5", None).over_at == at("2025-11-24T01:00Z")


def test_times_without_a_zone_are_local_and_the_second_of_two_equal_hours_is_the_later():
    text = "".join(f"2025-10-26T{hour:02}:00,{hour}\n" for hour in (0, 1, 2, 2, 3))
    table = parse_prices(text, BERLIN)
    first = at("2025-10-26T00:00+02:00")
    assert table.starts == tuple(first + 3600 * hour for hour in range(5))
    assert table.prices == (0, 1, 2, 2, 3)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it holds no price"),
        ("start,price\n", "it holds no price"),
        ("start,price\n2025-11-24T00:00Z", "line 2: '2025-11-24T00:00Z' is not start,price"),
        ("start,price\n2025-11-24T00:00Z,nan", "line 2: 'nan' is no price"),
        ("start,price\n2025-11-24T00:00Z,inf", "line 2: 'inf' is no price"),
        ("start,price\n\n2025-11-24T00:00Z,cheap", "line 3: 'cheap' is no price"),
        ("2025-11-24T00:00Z,1\nyesterday,2", "line 2: 'yesterday' is no time"),
        ("2025-11-24T00:00Z,1\n1764000000,2", "line 2: '1764000000' is no time"),
        ("begin,price\n2025-11-24T00:00Z,1", "line 1: 'begin' is no time"),
        ("start,cost\n", "line 1: the columns are"),
        (HOURLY + "2025-11-24T01:00Z,0.4", "line 3 and line 5 overlap"),
        ("2025-11-24T01:00Z,2025-11-24T00:00Z,1", "line 1: it ends at"),
        (
            "2025-11-24T00:00Z,2025-11-24T02:00Z,1\n2025-11-24T01:00Z,2025-11-24T03:00Z,1",
            "line 1 and line 2 overlap",
        ),
        ("0001-01-01T00:00,1", "line 1: '0001-01-01T00:00' is not between 1970 and 3000"),
        ("[", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ('{"prices": []}', "a list of"),
        ('[{"start": "2025-11-24T00:00Z"}]', "entry 1: start and price are missing"),
        ('[{"start": "2025-11-24T00:00Z", "price": NaN}]', "entry 1: 'nan' is no price"),
        ('[{"start": "2025-11-24T00:00Z", "price": true}]', "entry 1: 'True' is no price"),
        ('[{"start": 1764000000, "price": 1}]', "entry 1: '1764000000' is no time"),
        ('"a\nb', "line 2: 'a\\nb' is not start,price"),
        ("2025-11-24T00:00Z," + "9" * 200_000, "line 1: field larger than field limit"),
    ],
    ids=lambda value: repr(value[:24]),
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_line(text, why):
    shown = refusal(text, ZoneInfo("Pacific/Kiritimati"))
    assert why in shown
    assert "\n" not in shown
    assert len(shown) < 200


@pytest.mark.parametrize("kind", ["missing", "folder", "binary"])
def test_a_file_that_cannot_be_read_is_named(tmp_path, kind):
    path = tmp_path / "prices.csv"
    if kind == "folder":
        path.mkdir()
    if kind == "binary":
        path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match=rf"price-file {path} (cannot be read|is no text): "):
        read_prices(path, None)


def test_a_file_that_changes_is_read_again_and_a_bad_one_changes_nothing(tmp_path):
    path = tmp_path / "prices.csv"

    def write(text, when):
        path.write_text(text, encoding="utf-8")
        os.utime(path, (when, when))

    write(HOURLY, 1)
    file = PriceFile(path, BERLIN)
    assert file.look() is None
    write(HOURLY.replace("0.30", "0.35"), 2)
    news = file.look()
    assert (news.warning, file.table.prices[0]) == (False, 0.35)
    assert "3, 2025-11-24 01:00 - 2025-11-24 04:00" in news.text
    write("start,price\nnonsense", 3)
    news = file.look()
    assert news.warning
    assert "line 2: 'nonsense' is not start,price" in news.text
    assert "the prices read before stay" in news.text
    assert file.look() is None, "once"
    path.unlink()
    assert "cannot be read" in file.look().text
    assert file.look() is None
    assert file.table.prices[0] == 0.35
    write(HOURLY, 4)
    assert file.look().warning is False
    assert file.table.prices[0] == 0.30


starts = st.lists(st.integers(0, 1000), min_size=1, max_size=20, unique=True)


@given(starts=starts, moments=st.lists(st.integers(-10, 1100), max_size=20))
def test_a_price_is_that_of_the_latest_start_or_none(starts, moments):
    begin = datetime(2025, 1, 1, tzinfo=UTC)
    entries = [
        Entry("", (begin + timedelta(minutes=each)).timestamp(), None, each) for each in starts
    ]
    table = table_of(entries)
    for moment in moments:
        unix = (begin + timedelta(minutes=moment)).timestamp()
        before = [start for start in starts if start <= moment]
        known = table.price(unix)
        assert known is None or known == max(before)
        if before and moment < max(starts):
            in_gap = any(first <= unix < end for first, end in table.gaps)
            assert (known is None) == in_gap
