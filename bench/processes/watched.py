"""The full miner at a pool with every surface open, while others watch it, or do not, in turns."""

import asyncio
import selectors
import threading
import time
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Any

from stampmill.bench import catalogue
from stampmill.bench.processes import holdings
from stampmill.bench.processes.children import Child, Result, Settings
from stampmill.core.backends.options import BackendOptions, CpuPriority
from stampmill.core.backends.scanner import ScannerBackend
from stampmill.core.events import Event, Observer
from stampmill.core.garbage import collected_on_the_side
from stampmill.core.miner import Miner
from stampmill.core.operate.desk import Desk
from stampmill.core.scan import CancelWord, Kernel, ScanRequest, ScanResult
from stampmill.core.settings import PoolSettings, RetryPolicy
from stampmill.pool.client import StratumSource

MODES = ("alone", "dummy", "often", "seldom", "abuse")
"""Nobody watches; as often as `often`, but somebody else; each surface ten times a second; once;
each port is held full of connections and told rot, and nobody is answered."""
OFTEN, SELDOM = 0.1, 1.0
SHORT = 1e-4
_ANSWER = 6000
"""Bytes, about what a snapshot takes."""
_SETTLE = 0.3
BESIDE = ("alone", "often", "abuse")
"""What is compared in short stretches beside each other."""
_SHORT_SECONDS = 0.5
_SHORT_SETTLE = 0.15
_PATIENCE = 20.0
_BEGIN = 3.0
"""Before the memory is read that it takes without anybody watching."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """What the miner did in a mode for some seconds, of which CPU time is told apart.

    `hashes` are those of the scans that ended in it, and `scanning` is the CPU time that their
    threads took for them; `loop` is that of all other threads, which is the event loop's. `held`
    has how long the loop was busy at a stretch, each time that it was for more than SHORT.
    """

    mode: str
    seconds: float
    threads: int
    hashes: int
    scanning: float
    loop: float
    held: list[float]
    job_switch: list[float]

    @property
    def rate(self) -> float:
        """Hashes per second of a thread if no other process ran: the loop alone takes from it.

        So who watches, on the same machine, costs nothing; what it does to our caches counts.
        """
        free = 1 - self.loop / (self.seconds * self.threads)
        return self.hashes / self.scanning * free

    def late(self, seconds: float) -> float:
        """Return the part of the time at which a job would wait so long or longer for the loop."""
        return sum(max(each - seconds, 0.0) for each in self.held) / self.seconds


def child(settings: Settings) -> Result:
    """Mine at `url` for `rounds` stretches of `seconds` in each mode, the modes in turns.

    Then for `short` rounds of short ones, BESIDE: what neighbours do to a rate changes within
    seconds, and is as good as the same for stretches beside each other. `priority` is the scan
    threads'.
    """
    waits = _Waits()
    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(waits)) as runner:
        return runner.run(_run(settings, waits))


async def _run(settings: Settings, waits: "_Waits") -> Result:
    kernel = _Counted(catalogue.best())
    options = BackendOptions(
        self_test=False, cpu_priority=CpuPriority(settings.get("priority", "idle"))
    )
    backend = ScannerBackend(kernel.name, lambda: kernel, options)
    source = StratumSource(
        PoolSettings(settings["url"], "bench"), RetryPolicy(retries=1), user_agent="stampmill/bench"
    )
    heard = _Heard()
    miner = Miner(source, [backend], observer=heard)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(collected_on_the_side())
        mining = asyncio.create_task(miner.run())
        await asyncio.sleep(min(_BEGIN, 2 * settings["seconds"]))
        before = holdings.read().resident if holdings.available() else 0
        asks = await _open_surfaces(stack, Desk(miner, listen=heard.listeners.append))
        turns = {"priority": settings.get("priority", "idle")}
        watcher = Child("poller", turns)
        answerer = Child("answerer", {"bytes": _ANSWER, **turns})
        stack.callback(watcher.kill)
        stack.callback(answerer.kill)
        orders = _orders(asks, answerer.ready["port"])
        measured = _Measured(miner, backend, kernel, watcher, waits)
        stretches = [
            await measured.stretch(mode, orders[mode], settings["seconds"])
            for number in range(settings["rounds"])
            for mode in _order(MODES, number)
        ]
        after = holdings.read().resident if holdings.available() else 0
        beside = [await measured.beside(orders, number) for number in range(settings["short"])]
        miner.stop()
        await mining
        return {
            "kernel": kernel.name, "stretches": [asdict(one) for one in stretches],
            "beside": [[asdict(one) for one in stretches] for stretches in beside],
            "resident": [before, after], "asked": watcher.stop(),
        }  # fmt: skip


def _order(modes: tuple[str, ...], number: int) -> tuple[str, ...]:
    """Return the modes, another one first each time, and backwards every other time.

    So what a mode leaves behind, warm or cold, comes before no other mode alone.
    """
    first = number % len(modes)
    turned = modes[first:] + modes[:first]
    return turned[::-1] if number % 2 else turned


async def _open_surfaces(stack: AsyncExitStack, desk: Desk) -> dict[str, tuple[int, str]]:
    """Open all; return what to ask of each, by port and request. What they import is their cost."""
    from stampmill.core.operate.access import READ_HERE, parse_access  # noqa: PLC0415
    from stampmill.core.operate.cgminer.answers import Answers  # noqa: PLC0415
    from stampmill.core.operate.cgminer.server import ApiServer  # noqa: PLC0415
    from stampmill.core.operate.web.app import Site  # noqa: PLC0415
    from stampmill.core.operate.web.server import WebServer  # noqa: PLC0415

    api = ApiServer(Answers(desk, "stampmill bench", "Failover"), parse_access(READ_HERE))
    web = WebServer(Site(desk, version("stampmill"), axeos=True))
    _, api_port = await api.listen("127.0.0.1", 0)
    stack.push_async_callback(api.close)
    _, port = await web.listen("127.0.0.1", 0)
    stack.push_async_callback(web.close)
    return {
        "cgminer": (api_port, '{"command":"summary+pools+devs"}'),
        "metrics": (port, _get("/metrics")),
        "axeos": (port, _get("/api/system/info")),
        "snapshot": (port, _get("/api/snapshot")),
        "stream": (port, _get("/api/events")),
    }


def _get(path: str) -> str:
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"


def _orders(asks: dict[str, tuple[int, str]], other: int) -> dict[str, dict[str, Any]]:
    """Return what the watcher is told in each mode."""
    stream = asks.pop("stream")
    dummy = {f"dummy-{name}": (other, request) for name, (_, request) in asks.items()}
    return {
        "alone": {},
        "dummy": {"asks": dummy, "every": OFTEN},
        "often": {"asks": asks, "every": OFTEN, "stream": stream},
        "seldom": {"asks": asks, "every": SELDOM, "stream": stream},
        "abuse": {"abuse": [asks["cgminer"][0], asks["metrics"][0]]},
    }


@dataclass(slots=True)
class _Measured:
    miner: Miner
    backend: ScannerBackend
    kernel: "_Counted"
    watcher: Child
    waits: "_Waits"
    known: int = 0

    async def stretch(
        self, mode: str, order: dict[str, Any], seconds: float, settle: float = _SETTLE
    ) -> Stretch:
        self.watcher.tell(order)
        await asyncio.sleep(settle)
        self._switches()
        self.waits.held.clear()
        begun = _Mark(self.kernel)
        await asyncio.sleep(seconds)
        switches = self._switches()
        # Where others need the CPUs, a job or a scan may take longer than that.
        while not (switches and self.kernel.scans != begun.scans):
            if time.perf_counter() - begun.at > _PATIENCE:
                break
            await asyncio.sleep(settle)
            switches += self._switches()
        return begun.until(_Mark(self.kernel), mode, list(self.waits.held), switches)

    async def beside(self, orders: dict[str, dict[str, Any]], number: int) -> list[Stretch]:
        """Return a short stretch of each mode of BESIDE."""
        found = {
            mode: await self.stretch(mode, orders[mode], _SHORT_SECONDS, _SHORT_SETTLE)
            for mode in _order(BESIDE, number)
        }
        return [found[mode] for mode in BESIDE]

    def _switches(self) -> list[float]:
        """Return those since the last call: the miner has read some, the others are still there."""
        log = self.miner.stats.job_switch
        read = list(log.values)[max(len(log.values) - (log.count - self.known), 0) :]
        self.known = log.count
        return [*read, *self.backend.telemetry().job_switches]


class _Mark:
    """A moment: what was done until then."""

    def __init__(self, kernel: "_Counted") -> None:
        self.at = time.perf_counter()
        self.scans = dict(kernel.scans)
        clocks = (time.pthread_getcpuclockid(thread) for thread in self.scans)
        self.loop = time.process_time() - sum(time.clock_gettime(clock) for clock in clocks)

    def until(self, end: "_Mark", mode: str, held: list[float], job_switch: list[float]) -> Stretch:
        scans = [done.since(self.scans.get(thread, _Done())) for thread, done in end.scans.items()]
        return Stretch(
            mode=mode,
            seconds=end.at - self.at,
            threads=len(scans),
            hashes=sum(each.hashes for each in scans),
            scanning=sum(each.cpu for each in scans),
            loop=end.loop - self.loop,
            held=held,
            job_switch=job_switch,
        )


class _Heard:
    """Tells all who listen of what happens: the page's stream has every job and share."""

    def __init__(self) -> None:
        self.listeners: list[Observer] = []

    def __call__(self, event: Event) -> None:
        for listener in self.listeners:
            listener(event)


class _Waits(selectors.DefaultSelector):
    """Waits for the loop, and notes the CPU time that it takes from one wait to the next."""

    def __init__(self) -> None:
        super().__init__()
        self.held: list[float] = []
        self._since = time.thread_time()

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait."""
        busy = time.thread_time() - self._since
        if busy > SHORT:
            self.held.append(busy)
        ready = super().select(timeout)
        self._since = time.thread_time()
        return ready


@dataclass(frozen=True, slots=True)
class _Done:
    """What a thread had hashed, and the CPU time it had taken, when its last scan ended.

    A scan may last for a tenth of a second: both are of one moment, or the rate would be off by
    what of a scan lies beyond the ends of a stretch.
    """

    hashes: int = 0
    cpu: float = 0.0

    def since(self, before: "_Done") -> "_Done":
        return _Done(self.hashes - before.hashes, self.cpu - before.cpu)


class _Counted:
    """A kernel that counts by thread; it costs a microsecond a scan."""

    def __init__(self, kernel: Kernel) -> None:
        self.name = kernel.name
        self.description = kernel.description
        self.lanes = kernel.lanes
        self.max_versions = kernel.max_versions
        self.scans: dict[int, _Done] = {}
        self._kernel = kernel

    def scan(self, request: ScanRequest, cancel: CancelWord) -> ScanResult:
        """Scan."""
        result = self._kernel.scan(request, cancel)
        nonces = result.next_nonce - request.first
        done = nonces * len(request.versions) + result.next_version - request.first_version
        thread = threading.get_ident()
        before = self.scans.get(thread, _Done())
        self.scans[thread] = _Done(before.hashes + done, time.thread_time())
        return result
