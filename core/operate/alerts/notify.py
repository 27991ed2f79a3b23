"""Chat, mail, phone: whatever apprise knows. It connects by itself, past our list of hosts."""

import asyncio
from collections.abc import Sequence
from typing import Any

from stampmill.core.errors import MissingExtraError, UsageError
from stampmill.core.operate.alerts.message import Message
from stampmill.core.operate.alerts.outlet import DeliveryError

LIMIT_SECONDS = 60.0


class Notify:
    """Sends a line to every URL."""

    name = "notify"

    def __init__(self, urls: Sequence[str], limit: float = LIMIT_SECONDS) -> None:
        """Raise MissingExtraError without apprise, UsageError for a URL that it does not know."""
        self._limit = limit
        self._services = _apprise().Apprise()
        for number, url in enumerate(urls, 1):
            if not self._services.add(url):
                # Not shown, as its secret is in it.
                raise UsageError(f"alert-notify: apprise does not know what URL {number} is")

    async def send(self, message: Message) -> None:
        """Send it to all; raise DeliveryError unless all took it."""
        notify = self._services.async_notify
        try:
            done = await asyncio.wait_for(
                notify(body=message.text, title=message.title), self._limit
            )
        except TimeoutError:
            raise DeliveryError(f"not all was sent within {self._limit:g} s") from None
        if not done:
            raise DeliveryError("not every service took it")

    async def close(self) -> None:
        """Nothing to give back."""


def _apprise() -> Any:
    # An extra, and heavy: only those pay who want it.
    try:
        import apprise  # noqa: PLC0415
    except ImportError:
        raise MissingExtraError("alert-notify", "notify") from None
    return apprise
