"""An HTTP address that each alert is posted to, within what may be connected to at all."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

import aiohttp

from stampmill.core.errors import UsageError
from stampmill.core.operate.alerts.message import Message
from stampmill.core.operate.alerts.outlet import DeliveryError
from stampmill.core.settings import RetryPolicy
from stampmill.pool.backoff import Backoff
from stampmill.pool.egress import Egress
from stampmill.pool.transport.faults import EgressRefusedError, reason
from stampmill.pool.transport.http_connector import egress_connector

TRIES = RetryPolicy(retries=4, pause=1.0, ceiling=30.0)
TIMEOUT = 10.0
"""Seconds for one try."""
_AGAIN = {408, 425, 429}
"""Answers, besides all from 500 on, that may be others the next time (RFC 9110, RFC 6585)."""


class Webhook:
    """Posts JSON. Redirects are not followed, and the URL, which may be a secret, is not shown."""

    name = "webhook"

    def __init__(
        self,
        url: str,
        egress: Egress | None,
        *,
        timeout: float = TIMEOUT,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Take the list of what may be connected to; None: the URL's own host.

        Raise UsageError for what is no URL, and for a host that the list leaves out.
        """
        self._url = url
        self._host = _host(url)
        self._egress = egress or Egress([self._host])
        self._egress.require([self._host])
        self._timeout = aiohttp.ClientTimeout(total=timeout)
        self._sleep = sleep
        self._session: aiohttp.ClientSession | None = None

    async def send(self, message: Message) -> None:
        """Post it, again and again if need be; raise DeliveryError."""
        backoff = Backoff(TRIES, random.random)
        while True:
            why, hopeful = await self._try(message)
            if not why:
                return
            backoff.failed()
            if backoff.exhausted or not hopeful:
                raise DeliveryError(f"{self._host}: {why}")
            await self._sleep(backoff.pause())

    async def close(self) -> None:
        """Hang up."""
        if self._session is not None:
            await self._session.close()

    async def _try(self, message: Message) -> tuple[str, bool]:
        """Return what went wrong, nothing if nothing did, and whether it may go well next time."""
        headers = {"Content-Type": "application/json"}
        try:
            async with self._opened().post(
                self._url, data=message.as_json(), headers=headers, allow_redirects=False
            ) as reply:
                return _judged(reply.status)
        except EgressRefusedError as error:
            return str(error), False
        except TimeoutError:
            return f"no answer within {self._timeout.total:g} s", True
        except aiohttp.ClientConnectorCertificateError:
            return "nobody vouches for its certificate", False
        except aiohttp.ClientConnectorError as error:
            return reason(error.os_error), True
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return f"no usable answer ({type(error).__name__})", True

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = egress_connector(self._egress, force_close=True, limit=1)
            self._session = aiohttp.ClientSession(connector=connector, timeout=self._timeout)
        return self._session


def _judged(status: int) -> tuple[str, bool]:
    if 200 <= status < 300:
        return "", True
    if 300 <= status < 400:
        return f"it answers {status}, and redirects are not followed", False
    return f"it answers {status}", status >= 500 or status in _AGAIN


def _host(url: str) -> str:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        # Not shown: it may be a good one with a secret in it but for one letter.
        raise UsageError("alert-webhook: what is given is no http:// or https:// URL")
    return parts.hostname
