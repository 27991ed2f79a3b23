import asyncio
import json
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from stampmill.core.events import Event, HardwareError, Notice
from stampmill.core.operate.web import hub as module
from stampmill.core.operate.web.hub import MAX_NEWS, MAX_PAGES, QUEUE, Hub, Stream
from stampmill.core.operate.web.news import MAX_TEXT
from tests.core.snapshots import snapshot

from .events import ACCEPTED, ARRIVED, NONCE, REJECTED, SHARE, Message, messages


class Table:
    """A hub whose clock a test moves."""

    def __init__(self) -> None:
        self.waiting: list[tuple[float, Callable[[], None]]] = []
        self.hung_up: list[str] = []
        self.hub = Hub(
            "1.0", writable=False, later=lambda *call: self.waiting.append(call), now=lambda: 99.5
        )

    def join(self, name: str = "page", after: str = "") -> Stream:
        stream = self.hub.join(lambda: self.hung_up.append(name), after)
        assert stream is not None
        return stream

    def pass_time(self) -> None:
        waiting, self.waiting = self.waiting, []
        for _, then in waiting:
            then()

    def tell(self, *events: Event) -> None:
        for event in events:
            self.hub.on_event(event)


def read(stream: Stream) -> list[Message]:
    """Return what waits for a page."""
    return messages(stream.take())


def kinds(stream: Stream) -> list[str]:
    return [message.kind for message in read(stream)]


def news(stream: Stream) -> list[dict[str, Any]]:
    return [each for m in read(stream) if m.kind == "news" for each in m.data["news"]]


def test_a_stream_begins_with_the_run_what_happened_and_how_it_stands() -> None:
    table = Table()
    table.tell(Notice("hello"))
    table.hub.tick(snapshot())
    hello, past, tick = read(table.join())
    begin = {"run": table.hub.run, "version": "1.0", "writable": False}
    assert hello.data == {**begin, "lasting": []}
    assert past.data["news"] == [
        {"id": 1, "at": 99.5, "kind": "notice", "text": "hello", "about": "pool"}
    ]
    assert tick.data["snapshot"]["accepted"] == 21
    assert tick.data["pages"]["open"] == 1


def test_before_the_first_snapshot_there_is_no_tick() -> None:
    assert kinds(Table().join()) == ["hello", "news"]


def test_each_run_has_a_name_of_its_own() -> None:
    assert Table().hub.run != Table().hub.run


def test_events_of_a_moment_travel_together_and_reach_every_page() -> None:
    table = Table()
    pages = [table.join(), table.join()]
    for page in pages:
        read(page)
    table.tell(ARRIVED, ACCEPTED, REJECTED)
    assert [seconds for seconds, _ in table.waiting] == [module.FLUSH_SECONDS]
    table.pass_time()
    for page in pages:
        (message,) = read(page)
        assert [each["kind"] for each in message.data["news"]] == ["job", "accepted", "rejected"]
        assert message.id == f"{table.hub.run}-3"


def test_a_share_is_told_with_what_is_known_of_it() -> None:
    table = Table()
    table.hub.tick(snapshot())
    table.tell(REJECTED, HardwareError(NONCE))
    rejected, error = news(table.join())
    assert rejected == {
        "id": 1, "at": 99.5, "kind": "rejected", "text": "Duplicate share", "pool": 0,
        "job": "fixed", "device": "cpu0", "difficulty": 2.5, "latency": 0.02,
        "reason": "duplicate",
    }  # fmt: skip
    assert error["text"] == "nonce 00000007 misses the target"


def test_who_comes_back_is_told_only_what_is_new() -> None:
    table = Table()
    table.tell(ARRIVED, ACCEPTED, ACCEPTED)
    ids = [each["id"] for each in news(table.join(after=f"{table.hub.run}-2"))]
    assert ids == [3]


def test_who_was_at_another_run_is_told_all() -> None:
    table = Table()
    table.tell(ARRIVED, ACCEPTED)
    for after in ("0123-2", f"{table.hub.run}-", f"{table.hub.run}-²", "2", "-", "x" * 9999):
        assert len(news(table.join(after=after))) == 2, after


def test_an_event_that_waits_when_a_page_comes_is_told_it_once() -> None:
    table = Table()
    old = table.join()
    read(old)
    table.tell(ACCEPTED)
    late = table.join()
    table.pass_time()
    assert len(news(old)) == len(news(late)) == 1


def test_a_lasting_notice_is_told_however_late_a_page_comes() -> None:
    table = Table()
    table.tell(Notice("nothing is earned", lasting=True), *[ARRIVED] * 200)
    hello, past = read(table.join())
    assert hello.data["lasting"] == ["nothing is earned"]
    assert len(past.data["news"]) == module.KEPT_OTHERS


def test_many_shares_do_not_push_out_what_else_happened() -> None:
    table = Table()
    table.tell(Notice("early"), *[ACCEPTED] * 500)
    kept = news(table.join())
    assert len(kept) == module.KEPT_SHARES + 1
    assert kept[0]["text"] == "early"


def test_of_a_flood_the_latest_are_sent_and_the_others_counted() -> None:
    table = Table()
    page = table.join()
    read(page)
    table.tell(*[ACCEPTED] * (MAX_NEWS + 10))
    table.pass_time()
    (message,) = read(page)
    assert (len(message.data["news"]), message.data["passed_over"]) == (MAX_NEWS, 10)
    assert table.hub.pages.news_passed_over == 10


def test_who_never_reads_is_let_go_and_counted_and_others_are_not() -> None:
    table = Table()
    idle, keen = table.join("idle"), table.join("keen")
    for _ in range(QUEUE):
        table.hub.tick(snapshot())
        read(keen)
    assert table.hung_up == ["idle"]
    assert (table.hub.pages.never_read, table.hub.pages.open) == (1, 1)
    assert read(idle) == []
    assert kinds(keen) == []


def test_there_are_so_many_pages_and_no_more() -> None:
    table = Table()
    pages = [table.join() for _ in range(MAX_PAGES)]
    assert table.hub.join(lambda: None) is None
    assert table.hub.pages.turned_away == 1
    table.hub.leave(pages[0])
    assert table.hub.join(lambda: None) is not None


def test_a_closed_hub_ends_every_stream() -> None:
    table = Table()
    page = table.join()
    table.hub.close()
    assert asyncio.run(page.next()) == b""
    assert table.hub.pages.open == 0


def test_no_number_is_sent_as_null() -> None:
    table = Table()
    table.hub.tick(snapshot(job_difficulty=math.inf, network_difficulty=math.nan))
    table.tell(replace(ACCEPTED, share=replace(SHARE, difficulty=math.inf)))
    page = table.join()
    data = page.take().decode()
    assert "NaN" not in data
    assert "Infinity" not in data
    (tick,) = [m for m in messages(data.encode()) if m.kind == "tick"]
    assert tick.data["snapshot"]["job_difficulty"] is None
    json.dumps(tick.data, allow_nan=False)


def test_a_pool_cannot_make_a_message_end_early_nor_long() -> None:
    table = Table()
    table.tell(Notice("a\n\nevent: tick\ndata: {}\n\n" + "x" * 100_000))
    (told,) = news(table.join())
    assert told["text"].startswith("a\n\nevent: tick")
    assert len(told["text"]) == MAX_TEXT + 1
