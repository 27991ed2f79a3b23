"""Alerts through the real apprise, to a server on loopback."""

import asyncio
import builtins
import json

import pytest

from stampmill.core.errors import MissingExtraError, UsageError
from stampmill.core.operate.alerts.notify import Notify
from stampmill.core.operate.alerts.outlet import DeliveryError
from tests.core.operate.alerts.test_outlet import numbered


def test_without_the_extra_one_line_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name, *rest, **more):
        if name == "apprise":
            raise ImportError
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtraError, match=r"alert-notify needs the extra 'notify'"):
        Notify(["json://127.0.0.1"])


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # its own imports
def test_a_url_that_nobody_knows_is_not_shown() -> None:
    pytest.importorskip("apprise", reason="the extra 'notify' is not installed")
    with pytest.raises(UsageError, match="does not know what URL 2 is") as caught:
        Notify(["json://127.0.0.1", "nosuch://s3cret"])
    assert "s3cret" not in str(caught.value)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # its own imports
@pytest.mark.parametrize("status", [200, 500])
def test_a_line_reaches_the_service_or_it_is_told_that_not(status: int) -> None:
    pytest.importorskip("apprise", reason="the extra 'notify' is not installed")
    bodies: list[dict[str, str]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.split(b"content-length: ")[1].split(b"\r\n")[0])
        bodies.append(json.loads(await reader.readexactly(length)))
        writer.write(b"HTTP/1.1 %d x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" % status)
        await writer.drain()
        writer.close()

    async def run() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            await Notify([f"json://127.0.0.1:{port}"]).send(numbered(7))

    if status == 200:
        asyncio.run(run())
    else:
        with pytest.raises(DeliveryError, match="not every service took it"):
            asyncio.run(run())
    assert bodies[0]["message"] == numbered(7).text.rstrip()
