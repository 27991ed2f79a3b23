"""Chromium without a window, steered by its own DevTools protocol over a WebSocket."""

import asyncio
import base64
import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

PATIENCE = 120.0
"""Seconds after which something that a page should have come to has not happened."""
QUIET = (
    *("--headless=new", "--disable-gpu", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-default-apps", "--disable-sync", "--mute-audio"),
    *("--disable-extensions", "--disable-dev-shm-usage", "--no-proxy-server"),
)


def path_of_chromium() -> str | None:
    """Return where it is, if it is."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((found for name in names if (found := shutil.which(name))), None)


class Browser:
    """One process, with a profile of its own that is thrown away."""

    def __init__(self, program: str, profile: Path) -> None:
        # Its sandbox refuses root, as in a container; pages come from this machine alone.
        free = ["--no-sandbox"] if os.geteuid() == 0 else []
        options = [f"--user-data-dir={profile}", "--remote-debugging-port=0", *QUIET, *free]
        self._process = subprocess.Popen(
            [program, *options, "about:blank"],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip
        self.endpoint = self._endpoint()

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.communicate()

    def _endpoint(self) -> str:
        assert self._process.stderr is not None
        said = []
        for line in self._process.stderr:
            said.append(line)
            if line.startswith("DevTools listening on "):
                return line.split()[-1]
        raise AssertionError(f"Chromium did not start: {''.join(said)}")

    @asynccontextmanager
    async def tab(self) -> AsyncIterator["Tab"]:
        """Open a tab, and close it at the end."""
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(self.endpoint, max_msg_size=0) as socket,
        ):
            tab = Tab(socket)
            reading = asyncio.create_task(tab.read())
            try:
                await tab.begin()
                yield tab
                await tab.end()
            finally:
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)


class Tab:
    """A page, what it asked the network for, and everything that it complained of."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self._socket = socket
        self._count = 0
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._session: str | None = None
        self._target = ""

    async def begin(self) -> None:
        self._target = (await self.call("Target.createTarget", url="about:blank"))["targetId"]
        attached = await self.call("Target.attachToTarget", targetId=self._target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log", "Audits", "Accessibility"):
            await self.call(f"{domain}.enable")

    async def end(self) -> None:
        self._session = None
        await self.call("Target.closeTarget", targetId=self._target)

    async def open(self, url: str) -> None:
        await self.call("Page.navigate", url=url)

    async def call(self, method: str, **params: Any) -> Any:
        """Send a command of the protocol and return its answer."""
        self._count += 1
        message: dict[str, Any] = {"id": self._count, "method": method, "params": params}
        if self._session is not None:
            message["sessionId"] = self._session
        self._answers[self._count] = asyncio.get_running_loop().create_future()
        await self._socket.send_json(message)
        return await asyncio.wait_for(self._answers[self._count], PATIENCE)

    async def ask(self, expression: str) -> Any:
        """Return the value of an expression in the page."""
        answer = await self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in answer, (expression, answer["exceptionDetails"])
        return answer["result"].get("value")

    async def until(self, expression: str) -> Any:
        """Wait until an expression in the page is true, and return its value."""
        try:
            async with asyncio.timeout(PATIENCE):
                while not (value := await self._try(expression)):  # noqa: ASYNC110  not our loop
                    await asyncio.sleep(0.05)
        except TimeoutError:
            shown = await self.ask("document.body.innerText")
            raise AssertionError(f"never true: {expression}\n{self.complaints}\n{shown}") from None
        return value

    async def complained_of(self, part: str) -> None:
        """Wait until the page has complained of something."""
        async with asyncio.timeout(PATIENCE):
            while not any(part in complaint for complaint in self.complaints):
                await self.ask("0")  # what was said before its answer is read by then

    async def press(self, key: str, text: str = "") -> None:
        """Press and release a key."""
        codes = {"Tab": 9, "Enter": 13, " ": 32}
        stroke = {"key": key, "code": key, "windowsVirtualKeyCode": codes.get(key, 0)}
        await self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **stroke)
        await self.call("Input.dispatchKeyEvent", type="keyUp", **stroke)

    async def shown_as(self, *, width: int, height: int, scheme: str = "light") -> None:
        """Show the page on a screen of that size, with that colour scheme of the system."""
        phone = width < 600
        await self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=phone,
        )  # fmt: skip
        feature = {"name": "prefers-color-scheme", "value": scheme}
        await self.call("Emulation.setEmulatedMedia", features=[feature])

    async def picture(self, path: Path, *, quality: int = 80) -> None:
        """Write what is to be seen as WebP."""
        shot = await self.call("Page.captureScreenshot", format="webp", quality=quality)
        path.write_bytes(base64.b64decode(shot["data"]))  # noqa: ASYNC240  nothing else runs

    async def read(self) -> None:
        """Take what the browser says until it ends."""
        async for message in self._socket:
            said = message.json()
            if "id" in said:
                self._answer(said)
            else:
                self._note(said["method"], said["params"])

    async def _try(self, expression: str) -> Any:
        try:
            return await self.ask(expression)
        except AssertionError:
            return None  # the page is not there yet

    def _answer(self, said: dict[str, Any]) -> None:
        waiting = self._answers.pop(said["id"])
        if waiting.done():
            return
        if "error" in said:
            waiting.set_exception(AssertionError(said["error"]))
        else:
            waiting.set_result(said["result"])

    def _note(self, method: str, params: dict[str, Any]) -> None:
        match method:
            case "Network.requestWillBeSent":
                self.requests.append(params["request"]["url"])
            case "Runtime.exceptionThrown" | "Audits.issueAdded":
                self.complaints.append(f"{method}: {params}")
            case "Runtime.consoleAPICalled":
                self.complaints.append(f"console.{params['type']}: {params['args']}")
            case "Log.entryAdded":
                self.complaints.append(f"log: {params['entry']['text']} {params['entry']}")
