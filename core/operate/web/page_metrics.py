"""The open pages as metrics."""

from collections.abc import Iterator

from stampmill.core.operate.metrics.families import Family, counter, gauge
from stampmill.core.operate.web.hub import Pages


def families(pages: Pages) -> Iterator[Family]:
    """Yield how many pages there are, and what became of others."""
    yield gauge("pages_open", "Web pages that are open.", (), [((), pages.open)])
    yield counter(
        "pages_refused", "Web pages turned away, or let go as they did not read.", ("reason",),
        [(("turned-away",), pages.turned_away), (("never-read",), pages.never_read)],
    )  # fmt: skip
    yield counter(
        "pages_news_passed_over", "Events beyond what pages are told at once.", (),
        [((), pages.news_passed_over)],
    )  # fmt: skip
