from stampmill.core.cli.views import SharedView
from stampmill.core.events import Event, Notice
from tests.core.snapshots import snapshot


class Page:
    """A view that notes what it is told."""

    refresh_seconds = 3.0

    def __init__(self) -> None:
        self.told: list[object] = []

    def start(self) -> None:
        self.told.append("start")

    def __call__(self, event: Event) -> None:
        self.told.append(event)

    def refresh(self, shot: object) -> None:
        self.told.append(shot)

    def close(self) -> None:
        self.told.append("close")


def test_a_shared_view_is_the_view_it_shares() -> None:
    page = Page()
    view, shot, notice = SharedView(page), snapshot(), Notice("hello")
    view.start()
    view(notice)
    view.refresh(shot)
    view.close()
    assert page.told == ["start", notice, shot, "close"]
    assert view.refresh_seconds == 3.0


def test_who_listens_hears_what_comes_and_what_lasts() -> None:
    view = SharedView(Page())
    early, late = list[Event](), list[Event]()
    view.listen(early.append)
    lasting, passing, last = Notice("stays", lasting=True), Notice("goes"), Notice("last")
    view(lasting)
    view(passing)
    view.listen(late.append)
    view(last)
    assert early == [lasting, passing, last]
    assert late == [lasting, last]
