"""What stands, what is over, and how often it was raised."""

from stampmill.core.operate.alerts.book import AlertBook, Changes
from stampmill.core.operate.alerts.finding import Finding
from stampmill.core.snapshot import Alert, AlertKind

HOT = Finding(AlertKind.TEMPERATURE, "cpu", "90 C")
BLOCK = Finding(AlertKind.BLOCK_FOUND, "a", "the first", 1)


def test_it_is_raised_once_keeps_its_text_and_is_cleared_once() -> None:
    book = AlertBook()
    alert = Alert(HOT.kind, "cpu", "90 C", 10.0)
    assert book.update([HOT], 10.0) == Changes(raised=(alert,))
    warmer = Finding(HOT.kind, "cpu", "95 C")
    assert book.update([warmer], 11.0) == Changes()
    assert book.standing == (alert,)
    assert book.update([], 12.0) == Changes(cleared=(alert,))
    assert book.update([], 13.0) == Changes()
    assert (book.standing, book.raised) == ((), ((HOT.kind, "cpu", 1),))


def test_another_occasion_is_raised_anew_without_an_end_of_the_first() -> None:
    book = AlertBook()
    book.update([BLOCK, HOT], 10.0)
    second = Finding(BLOCK.kind, "a", "the second", 2)
    changes = book.update([second, HOT], 20.0)
    assert ([one.text for one in changes.raised], changes.cleared) == (["the second"], ())
    assert [one.text for one in book.standing] == ["90 C", "the second"], "the oldest first"
    assert book.raised == ((BLOCK.kind, "a", 2), (HOT.kind, "cpu", 1))


def test_of_two_findings_of_one_alert_the_first_counts() -> None:
    book = AlertBook()
    changes = book.update([HOT, Finding(HOT.kind, "cpu", "silent")], 1.0)
    assert [one.text for one in changes.raised] == ["90 C"]
