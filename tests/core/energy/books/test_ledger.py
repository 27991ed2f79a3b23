"""The books: every joule with its price, its day and its device, kept from run to run."""

from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stampmill.core.energy.books.book import KEPT_DAYS, Account, Book
from stampmill.core.energy.books.ledger import Ledger
from stampmill.core.energy.books.store import Store, energy_file
from stampmill.core.energy.prices.spans import parse_span
from stampmill.core.energy.prices.tariff import Tariff
from stampmill.core.snapshot import EnergyTotal

BERLIN = ZoneInfo("Europe/Berlin")
KWH = 3_600_000.0
NIGHT = (parse_span("22:00-06:00", "price-band"), 0.2)


def at(hour, day=24):
    return datetime(2025, 11, day, hour, tzinfo=BERLIN).timestamp()


def test_each_joule_costs_what_its_time_costs():
    ledger = Ledger(Tariff(BERLIN, 0.3, (NIGHT,)), "EUR")
    ledger.enter("cpu", 2 * KWH, 10, at(21), 3600)
    ledger.enter("cpu", KWH, 10, at(23), 3600)
    assert ledger.cost(ledger.run.total) == pytest.approx(0.8)
    assert ledger.run.device("cpu").hashes == 20
    ledger.enter("cpu", KWH, 0, at(22), 1800)
    assert ledger.cost(ledger.run.total) == pytest.approx(1.1), "it is spent before that time"


def test_what_has_no_price_is_counted_apart():
    ledger = Ledger(Tariff(BERLIN, None, (NIGHT,)), "EUR")
    assert ledger.cost(ledger.run.total) is None
    ledger.enter("cpu", KWH, 0, at(12), 60)
    ledger.enter("cpu", KWH, 0, at(23), 60)
    assert ledger.run.total.unpriced == KWH
    assert ledger.cost(ledger.run.total) == pytest.approx(0.2)


def test_a_negative_price_is_earned():
    ledger = Ledger(Tariff(constant=-0.05))
    ledger.enter("cpu", 2 * KWH, 0, at(12), 60)
    assert ledger.cost(ledger.run.total) == pytest.approx(-0.1)


def test_a_day_is_that_of_local_clocks_and_holds_what_earlier_runs_spent():
    kept = Book()
    kept.enter("2025-11-25", "cpu", Account(KWH, 1, {"EUR": 0.3, "SEK": 9.0}))
    ledger = Ledger(Tariff(BERLIN, 0.3), "EUR", kept)
    ledger.enter("cpu", KWH, 0, at(23), 1)
    ledger.enter("cpu", 2 * KWH, 0, at(0, 25), 1)
    assert ledger.day(at(23)) == EnergyTotal(KWH, pytest.approx(0.3))
    assert ledger.day(at(1, 25)) == EnergyTotal(3 * KWH, pytest.approx(0.9))
    assert ledger.ever() == EnergyTotal(4 * KWH, pytest.approx(1.2))
    assert ledger.run.total.joules == 3 * KWH


entries = st.lists(
    st.tuples(
        st.sampled_from(["cpu", "asic"]), st.integers(0, 10**9), st.integers(0, 2 * 10**9),
        st.sampled_from(["keep", "fail", "nothing"]),
    ),
    max_size=30,
)  # fmt: skip


@given(entries)
def test_nothing_is_lost_or_kept_twice_however_the_clock_jumps_and_keeping_fails(course):
    ledger, kept, spent = Ledger(Tariff(constant=0.3), "EUR"), Book(), 0
    for device, joules, unix, then in course:
        ledger.enter(device, float(joules), 1.0, float(unix), 1.0)
        taken = ledger.take() if then != "nothing" else None
        if taken is not None and then == "fail":
            ledger.give_back(taken)
        elif taken is not None:
            kept.merge(taken)
            ledger.kept = kept
        spent += joules
        assert ledger.ever().joules == spent
    if (taken := ledger.take()) is not None:
        kept.merge(taken)
    assert kept.total.joules == ledger.run.total.joules == spent
    assert sum(day.joules for day in kept.days.values()) == spent
    assert sum(device.joules for device in kept.devices.values()) == spent


class Keeping:
    def __init__(self, folder):
        self.told = []
        self.store = Store(
            folder / "state" / "energy.json", self.told.append, lambda: 1_764_000_000
        )


@pytest.fixture
def keeping(tmp_path):
    return Keeping(tmp_path)


def book(joules=KWH, day="2025-11-24"):
    made = Book()
    made.enter(day, "cpu", Account(joules, 1e20, {"EUR": 0.1}))
    return made


def test_what_several_miners_add_is_kept_together(keeping):
    assert keeping.store.read() == Book()
    keeping.store.add(book())
    all_of_it = keeping.store.add(book(2 * KWH, "2025-11-25"))
    assert keeping.store.read() == all_of_it
    assert all_of_it.total == Account(3 * KWH, 2e20, {"EUR": 0.2})
    assert sorted(all_of_it.days) == ["2025-11-24", "2025-11-25"]
    names = sorted(path.name for path in keeping.store.path.parent.iterdir())
    assert names == ["energy.json", "energy.lock"]
    assert keeping.told == []


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-20],
        lambda data: b"",
        lambda data: data.replace(b'"version": 1', b'"version": 7'),
        lambda data: data.replace(b'"joules": ', b'"joules": -'),
        lambda data: b"\xff" + data,
        lambda data: b"[]",
    ],
    ids=["torn", "empty", "later version", "negative", "no text", "other JSON"],
)
def test_a_file_that_is_damaged_is_kept_aside_and_named_and_begun_anew(keeping, damage):
    store = keeping.store
    store.add(book())
    data = damage(store.path.read_bytes())
    store.path.write_bytes(data)
    assert store.add(book(5.0)).total.joules == 5.0
    aside = store.path.with_suffix(".damaged-1764000000")
    assert aside.read_bytes() == data
    assert len(keeping.told) == 1
    assert keeping.told[0].startswith(f"{store.path} is not as it was written (")
    assert keeping.told[0].endswith(f"kept as {aside}, begun anew")


def test_a_file_that_cannot_be_written_raises_and_stays_as_it_was(keeping, monkeypatch):
    keeping.store.add(book())
    before = keeping.store.path.read_bytes()
    monkeypatch.setattr("os.fsync", _no_room)
    with pytest.raises(OSError, match="No space"):
        keeping.store.add(book())
    assert keeping.store.path.read_bytes() == before
    assert len(list(keeping.store.path.parent.iterdir())) == 2


def _no_room(_file):
    raise OSError(28, "No space left on device")


def test_days_are_let_go_of_after_a_year():
    kept = Book()
    for day in range(KEPT_DAYS + 5):
        kept.merge(book(1.0, f"{2000 + day // 100}-{day % 100:02}"))
    assert len(kept.days) == KEPT_DAYS
    assert "2000-04" not in kept.days
    assert kept.total.joules == KEPT_DAYS + 5


def test_the_file_is_in_the_users_state_folder():
    path = energy_file({"XDG_STATE_HOME": "/s"})
    assert str(path) == "/s/stampmill/energy.json"
    assert energy_file({}).parts[-4:] == (".local", "state", "stampmill", "energy.json")


def test_it_is_json_that_others_can_read(keeping):
    keeping.store.add(book())
    kept = msgspec.json.decode(keeping.store.path.read_bytes())
    assert kept["book"]["days"]["2025-11-24"]["costs"] == {"EUR": 0.1}
