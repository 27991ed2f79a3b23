"""The page in a real browser: at a miner that is killed and comes back, and at one in trouble."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from stampmill.core.operate.desk import Desk
from stampmill.core.operate.web import watch
from stampmill.core.snapshot import (
    Alert,
    AlertKind,
    DevicePower,
    EnergySnapshot,
    PolicyAction,
    PolicySnapshot,
    Quantity,
    Sensor,
    Snapshot,
)
from tests.core.operate.cgminer.questions import world
from tests.core.operate.desks import Rig
from tests.pool.loopback import in_loop

from .chromium import Browser, Tab, path_of_chromium
from .events import ACCEPTED, REJECTED
from .test_server import serving

AUDIT = Path(__file__).with_name("audit.js").read_text()
MINE = (
    *("mine", "--backend", "reference", "--threads", "1", "--time-limit", "120"),
    *("--lines", "--http-listen"),
)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    program = path_of_chromium()
    if program is None:
        pytest.skip("no Chromium here: run make peers")
    chromium = Browser(program, tmp_path_factory.mktemp("chromium"))
    yield chromium
    chromium.close()


class Miner:
    """A real run on the embedded pool, in its own process."""

    def __init__(self, port: int, folder: Path) -> None:
        kept = {key: value for key, value in os.environ.items() if "STAMPMILL_" not in key}
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "stampmill.core", *MINE, f"127.0.0.1:{port}"],
            env=kept | {"XDG_CONFIG_HOME": str(folder), "STAMPMILL_CPU_PRIORITY": "normal"},
            stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self._process.stderr is not None
        next(line for line in self._process.stderr if "HTTP at" in line)

    def kill(self) -> None:
        """End it as a power cut does."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGKILL)
            self._process.communicate()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def tile(term: str) -> str:
    """Return an expression for the figure of a tile."""
    named = f"find(group => group.children[0].textContent === '{term}')"
    return f"[...document.querySelectorAll('#tiles div')].{named}.children[1].textContent"


def texts(selector: str) -> str:
    return f"[...document.querySelectorAll('{selector}')].map(n => n.innerText).join('\\n')"


STATE = "document.getElementById('state').dataset.state"
ACCEPTED_COUNT = f"Number({tile('Accepted shares')})"


@in_loop
async def test_a_run_is_seen_lost_and_found_again(browser: Browser, tmp_path: Path) -> None:
    port = free_port()
    miner = Miner(port, tmp_path)
    try:
        async with browser.tab() as tab:
            await tab.open(f"http://127.0.0.1:{port}/")
            await tab.until(f"{STATE} === 'mining'")
            await tab.until(f"{ACCEPTED_COUNT} > 0")
            before = await tab.ask(ACCEPTED_COUNT)
            await tab.until(f"{ACCEPTED_COUNT} > {before}")
            await tab.until("document.querySelector('#chart canvas').width > 200")
            await tab.until("document.querySelectorAll('#shares tr').length > 1")
            assert "total" in await tab.ask(texts("#readout"))
            assert "nothing is earned" in await tab.ask(texts("#lasting"))
            assert await tab.ask(AUDIT) == []
            assert tab.complaints == []

            miner.kill()
            await tab.until(f"{STATE} === 'away'")
            assert "Nobody answers" in await tab.ask(texts("#alert-list li"))
            assert await tab.ask(ACCEPTED_COUNT) >= before

            miner = Miner(port, tmp_path)
            await tab.until(f"{STATE} === 'mining'")
            log = await tab.ask(texts("#log li"))
            assert "The miner was started anew" in log
            assert log.count("connected to") == 1
            assert await tab.ask(texts("#alert-list li")) == ""
            await tab.until(f"{ACCEPTED_COUNT} > 0")
            for complaint in tab.complaints:
                assert "net::ERR_" in complaint, complaint
            for url in tab.requests:
                assert url.startswith((f"http://127.0.0.1:{port}/", "data:")), url
    finally:
        miner.kill()


@asynccontextmanager
async def watched(browser: Browser, rig: Rig, **options: object) -> AsyncIterator[Tab]:
    """Open the page of a run that stands still."""
    async with serving(rig, axeos=False) as (_, port), browser.tab() as tab:
        await tab.shown_as(width=1280, height=900)
        await tab.open(f"http://127.0.0.1:{port}/")
        await tab.until("document.querySelectorAll('#tiles div').length")
        yield tab
        assert tab.complaints == []
        assert {url.split("/")[2] for url in tab.requests} == {f"127.0.0.1:{port}"}


def rig_with_events() -> Rig:
    rig = world()

    def listen(observer: object) -> None:
        assert callable(observer)
        observer(ACCEPTED)
        observer(REJECTED)

    rig.desk = Desk(rig.run, rig.run, rig.run, listen=listen)
    return rig


def in_trouble(shot: Snapshot) -> Snapshot:
    """Return the run with an alarm, hot, under a rule, and with numbers that are none."""
    sensors = (
        Sensor(Quantity.TEMPERATURE, "chip", 91.5),
        Sensor(Quantity.POWER, "board", 14.5),
        Sensor(Quantity.FAN, "fan", 4500.0),
        Sensor(Quantity.VOLTAGE, "core", float("nan")),
    )
    hot, *others = shot.devices
    drawn = (DevicePower("cpu0", 14.5, "board"),)
    return replace(
        shot,
        devices=(replace(hot, sensors=sensors), *others),
        alerts=(
            Alert(AlertKind.TEMPERATURE, "cpu0", "cpu0 is at 91.5 °C, its limit is 85", shot.time),
            Alert(AlertKind.BLOCK_FOUND, "", "block 840000 found", shot.time),
        ),
        energy=EnergySnapshot(drawn, 14.5, 5e5, 3e-9, 0.31, 0.043, "EUR"),
        policy=PolicySnapshot(PolicyAction.THROTTLE, "noon", "too dear", shot.time, 0.5),
        network_difficulty=float("inf"),
        expected_share_seconds=float("nan"),
    )  # fmt: skip


@in_loop
async def test_an_alarm_is_shown_and_goes(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "TICK_SECONDS", 0.1)
    rig = rig_with_events()
    well = rig.run.shot

    async def show(shot: Snapshot) -> None:
        rig.run.shot = shot
        rig.now += 1

    async with watched(browser, rig) as tab:
        await show(replace(well, devices=(), job=None, job_id=None, job_difficulty=None))
        await tab.until(f"{STATE} === 'waiting'")
        assert "waiting for the first job" in await tab.ask(texts("#state"))
        assert "No device yet" in await tab.ask("document.body.innerText")
        assert await tab.ask(AUDIT) == []
        await show(in_trouble(well))
        await tab.until("document.querySelectorAll('#alert-list li').length === 2")
        assert "91.5 °C, its limit is 85" in await tab.ask(texts("[role=alert] li"))
        assert "(2!)" in await tab.ask("document.title")
        text = await tab.ask("document.body.innerText")
        for part in ("91.5 °C", "14.5 W", "too dear", "EUR", "throttle to 50.0 % of the time"):
            assert part in text, part
        for scheme in ("light", "dark"):
            for width in (1280, 360):
                await tab.shown_as(width=width, height=900, scheme=scheme)
                assert await tab.ask(AUDIT) == [], (scheme, width)
        await show(well)
        await tab.until("document.querySelectorAll('#alert-list li').length === 0")


FORBIDDEN = """(async () => {
  const done = [];
  try { document.body.innerHTML += "<p>"; done.push("markup"); } catch { }
  try { document.createElement("script").text = "1"; done.push("script"); } catch { }
  document.body.setAttribute("style", "color: rgb(1, 2, 3)");
  if (getComputedStyle(document.body).color === "rgb(1, 2, 3)") done.push("style");
  await fetch("http://127.0.0.2/").then(() => done.push("fetch"), () => { });
  return done;
})()"""


@in_loop
async def test_what_the_policy_forbids_is_not_done_and_would_be_noticed(browser: Browser) -> None:
    async with watched(browser, rig_with_events()) as tab:
        assert await tab.ask(FORBIDDEN) == []
        for directive in ("style-src", "connect-src", "require-trusted-types-for"):
            await tab.complained_of(directive)
        tab.complaints.clear()


@in_loop
async def test_everything_is_reached_by_keys_and_changed_with_the_token(browser: Browser) -> None:
    rig = rig_with_events()
    async with watched(browser, rig) as tab:
        reached = await tab_through(tab)
        for name in ("theme", "300", "total", "h-devices", "h-shares", "h-log", "token"):
            assert name in reached, (name, reached)
        await tab.ask("document.getElementById('token').focus()")
        for token, answer in (("guess", "wrong token"), ("s3cret", "Unlocked.")):
            await tab.ask("document.getElementById('token').value = ''")
            await tab.call("Input.insertText", text=token)
            await tab.press("Enter", "\r")
            await tab.until(f"{texts('#control-said')} === '{answer}'")
        await tab.complained_of("403")
        tab.complaints.clear()
        assert await tab.ask("JSON.stringify(localStorage).includes('s3cret')") is False
        await tab.until("document.activeElement.id === 'pause'")
        await tab.press("Enter", "\r")
        await tab.until(f"{texts('#control-said')} === 'Paused.'")
        assert rig.run.told == [("pause", "127.0.0.1 over HTTP")]
        await tab.ask("document.querySelector('#pools [data-name=first]').focus()")
        await tab.press("Enter", "\r")
        await tab.until(f"{texts('#control-said')}.startsWith('The order')")
        assert rig.run.told[-1] == ("reorder", 1, 0)
        for field, value, answer in (
            ("threads", "2", "Threads: 2."),
            ("wish", "0.5", "The pool is"),
        ):
            await tab.ask(f"document.getElementById('{field}').focus()")
            await tab.call("Input.insertText", text=value)
            await tab.press("Enter", "\r")
            await tab.until(f"{texts('#control-said')}.startsWith('{answer}')")
        await tab.ask("document.querySelectorAll('#pools [data-name=use]')[1].click()")
        await tab.until(f"{texts('#control-said')}.startsWith('Disabled')")
        assert rig.run.told[-3:] == [
            ("threads", 2, None),
            ("wish", 0, 0.5, None),
            ("enable", 1, False),
        ]
        for scheme in ("light", "dark"):
            await tab.shown_as(width=360, height=900, scheme=scheme)
            assert await tab.ask(AUDIT) == []


FOCUSED = """(node => {
  const ring = getComputedStyle(node.type === "radio" ? node.nextSibling : node).outlineStyle;
  const name = node.type === "radio" ? node.value : node.id || node.getAttribute("aria-labelledby");
  const said = node.labels?.[0]?.textContent ?? node.textContent;
  return [node === document.body ? "BODY" : name || said, ring];
})(document.activeElement)"""


async def tab_through(tab: Tab) -> list[str]:
    """Press Tab through the page; return what had the focus, each with a ring around it."""
    reached: list[str] = []
    for _ in range(30):
        await tab.press("Tab")
        name, ring = await tab.ask(FOCUSED)
        if name == "BODY":
            break
        assert ring == "solid", name
        reached.append(name)
    return reached


@in_loop
async def test_a_reader_of_the_screen_finds_names_and_landmarks(browser: Browser) -> None:
    async with watched(browser, rig_with_events()) as tab:
        tree = (await tab.call("Accessibility.getFullAXTree"))["nodes"]
        found = {
            (n["role"]["value"], n.get("name", {}).get("value", "")) for n in tree if "role" in n
        }
        named = {"button", "checkbox", "combobox", "image", "radio", "region", "textbox", "table"}
        assert [role for role, name in found if role in named and not name] == []
        roles = {role for role, _ in found}
        assert {"banner", "main", "contentinfo", "alert", "status", "heading"} <= roles
        headings = {name for role, name in found if role == "heading"}
        assert {"Hash rate", "Devices", "Pools", "Shares", "Events", "Control"} <= headings


@in_loop
async def test_who_wants_no_motion_gets_none_and_a_theme_can_be_chosen(browser: Browser) -> None:
    async with watched(browser, rig_with_events()) as tab:
        still = [{"name": "prefers-reduced-motion", "value": "reduce"}]
        await tab.call("Emulation.setEmulatedMedia", features=still)
        assert await tab.ask("document.getAnimations().length") == 0
        grounds = set()
        for theme in ("light", "dark"):
            await tab.ask(
                f"(s => {{ s.value = '{theme}'; s.dispatchEvent(new Event('change')); }})"
                "(document.getElementById('theme'))"
            )
            grounds.add(await tab.ask("getComputedStyle(document.body).backgroundColor"))
        assert len(grounds) == 2
        assert await tab.ask("localStorage.getItem('stampmill-theme')") == "dark"
