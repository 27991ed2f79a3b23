"""One command as it came, and the few ways to answer any."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from stampmill.core.errors import StampmillError
from stampmill.core.operate.access import Access
from stampmill.core.operate.cgminer.reply import Fields, Reply, Section, Status
from stampmill.core.operate.desk import Desk
from stampmill.core.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Question:
    """One command as it came: from whom, who may do what, and about which run."""

    desk: Desk
    parameter: str
    access: Access
    who: str
    version: str
    strategy: str

    @property
    def shot(self) -> Snapshot:
        """The run as it is now."""
        return self.desk.snapshot()


def success(code: int, message: str, section: Section | None = None) -> Reply:
    """Return a reply that says yes."""
    return Reply(Status("S", code, message), section)


def one(code: int, message: str, name: str, fields: Fields) -> Reply:
    """Return a reply with one set of fields."""
    return success(code, message, Section(name, [fields]))


def information(code: int, message: str) -> Reply:
    """Return a reply that says that it is so already."""
    return Reply(Status("I", code, message))


def warning(code: int, message: str) -> Reply:
    """Return a reply that says that this cannot be done here."""
    return Reply(Status("W", code, message))


def error(code: int, message: str) -> Reply:
    """Return a reply that says no."""
    return Reply(Status("E", code, message))


def done(
    change: Callable[[], None],
    reply: Reply,
    refusal: Callable[[StampmillError], Reply] = lambda why: error(26, str(why)),
) -> Reply:
    """Change something; return the reply, or what to say where that is refused."""
    try:
        change()
    except StampmillError as why:
        return refusal(why)
    return reply


def device_in(name: str, count: int) -> int | Reply:
    """Return the device that is named, or the reply that there is none."""
    if not name:
        return error(15, "Missing device id parameter")
    if not is_index(name, count):
        return error(107, f"Invalid ASC id {name} - range is 0 - {count - 1}")
    return int(name)


def is_index(text: str, count: int) -> bool:
    """Tell whether a text is the number of one of so many."""
    # Ten digits suffice; int() of thousands of them would cost a second.
    return text.isascii() and text.isdecimal() and len(text) <= 10 and int(text) < count


def number_in(text: str) -> float:
    """Return the number that a text is, not a number for what is none."""
    try:
        return float(text)
    except ValueError:
        return math.nan
