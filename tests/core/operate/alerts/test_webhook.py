"""Alerts posted to a real server on loopback, which answers as a test wants it."""

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest
from aiohttp import web

from stampmill.core.errors import UsageError
from stampmill.core.operate.alerts.outlet import DeliveryError
from stampmill.core.operate.alerts.webhook import Webhook
from stampmill.pool.egress import Egress
from tests.core.operate.alerts.test_outlet import numbered

SECRET = "/hooks/s3cret?key=also"


@dataclass
class Trial:
    """What was sent, how long was waited, and how it ended."""

    bodies: list[dict[str, object]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    pauses: list[float] = field(default_factory=list)
    error: str = ""


Answer = Callable[[int], Awaitable[web.StreamResponse]]


def status(*codes: int, headers: dict[str, str] | None = None) -> Answer:
    async def answer(number: int) -> web.Response:
        return web.Response(status=codes[min(number, len(codes) - 1)], headers=headers)

    return answer


def posted(answer: Answer, timeout: float = 30.0) -> Trial:
    trial = Trial()

    async def handle(request: web.Request) -> web.StreamResponse:
        trial.bodies.append(json.loads(await request.read()))
        trial.paths.append(request.path_qs)
        return await answer(len(trial.paths) - 1)

    async def sleep(seconds: float) -> None:
        trial.pauses.append(seconds)

    async def run() -> None:
        app = web.Application()
        app.router.add_route("*", "/{tail:.*}", handle)
        runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0]
        hook = Webhook(f"http://user:pw@{host}:{port}{SECRET}", None, timeout=timeout, sleep=sleep)
        try:
            await hook.send(numbered(7))
        except DeliveryError as error:
            trial.error = str(error)
        finally:
            await hook.close()
            await runner.cleanup()

    asyncio.run(run())
    assert "s3cret" not in trial.error
    return trial


def test_the_alert_is_posted_as_json() -> None:
    trial = posted(status(204))
    assert (trial.bodies, trial.paths) == ([numbered(7).fields], [SECRET])
    assert (trial.pauses, trial.error) == ([], "")


def test_what_may_pass_is_tried_again_with_growing_pauses() -> None:
    trial = posted(status(503, 429, 200))
    assert (len(trial.bodies), trial.error) == (3, "")
    first, second = trial.pauses
    assert 1 <= first <= 2 <= second <= 4


def test_it_gives_up_after_four_tries() -> None:
    trial = posted(status(500))
    assert (len(trial.bodies), trial.error) == (4, "127.0.0.1: it answers 500")


def test_a_refusal_is_not_repeated() -> None:
    trial = posted(status(403))
    assert (len(trial.bodies), trial.error) == (1, "127.0.0.1: it answers 403")


def test_a_redirect_is_not_followed() -> None:
    trial = posted(status(307, headers={"Location": "/elsewhere"}))
    assert trial.paths == [SECRET]
    assert trial.error == "127.0.0.1: it answers 307, and redirects are not followed"


def test_one_that_never_answers_is_given_up() -> None:
    async def hang(_number: int) -> web.StreamResponse:
        await asyncio.sleep(600)
        raise AssertionError

    trial = posted(hang, timeout=0.1)
    assert trial.error == "127.0.0.1: no answer within 0.1 s"


def test_one_that_is_not_there_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    async def run() -> None:
        async def sleep(_seconds: float) -> None:
            """Wait for nothing."""

        hook = Webhook(f"http://127.0.0.1:{port}/s3cret", None, sleep=sleep)
        try:
            with pytest.raises(DeliveryError, match=r"^127\.0\.0\.1: connection refused$"):
                await hook.send(numbered(0))
        finally:
            await hook.close()

    asyncio.run(run())


def test_it_goes_only_where_the_list_lets_it() -> None:
    refused: list[str] = []
    egress = Egress(["127.0.0.1/32", "hook.example"], refused.append)

    async def run() -> None:
        # The name is listed, and resolves (here: is resolved) outside of the listed network.
        hook = Webhook("http://[::1]:9/s3cret", Egress(["::1", "10.0.0.0/8"]))
        hook._egress = egress
        try:
            with pytest.raises(DeliveryError, match="not among the hosts"):
                await hook.send(numbered(0))
        finally:
            await hook.close()

    asyncio.run(run())
    assert len(refused) == 1


def test_a_host_that_is_not_listed_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="add egress hook.example"):
        Webhook("https://hook.example/s3cret", Egress(["10.0.0.0/8", "pool.example"]))


@pytest.mark.parametrize("url", ["ftp://a/s3cret", "s3cret", "http://", "http://a:b/s3cret", ""])
def test_what_is_no_url_is_a_usage_error_that_shows_no_secret(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        Webhook(url, None)
    assert "no http:// or https:// URL" in str(caught.value)
    assert "s3cret" not in str(caught.value)
