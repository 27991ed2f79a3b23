"""A scripted pool on a loopback socket, a listener that records, and time that tests own."""

import asyncio
import heapq
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, fields
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from stampmill.core.job import Job, Share, ShareResult, Verdict
from stampmill.core.settings import PoolSettings, RetryPolicy, Timeouts
from stampmill.pool.client import StratumSource
from stampmill.pool.stratum.answers import ConfigureResult, MessageId, SubscribeResult
from stampmill.pool.stratum.messages import encode, encode_result
from stampmill.pool.stratum.notifications import Notify, SetDifficulty
from stampmill.pool.stratum.requests import Authorize, Configure, Submit, Subscribe
from stampmill.pool.stratum.server_protocol import Answered, Requested, ServerProtocol

from .upstream.sessions import ORIGINAL

JOB = Notify.from_params(ORIGINAL["notify"])
PATIENCE = 30.0
"""Real seconds after which a test that waits for something has failed."""

T = TypeVar("T")
P = ParamSpec("P")


def in_loop(test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Run an async test by asyncio.run."""

    @wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        asyncio.run(test(*args, **kwargs))

    return run


class Changes:
    """Lets a test wait, without sleeping, until something it looks at is true."""

    def __init__(self) -> None:
        self._changed = asyncio.Event()

    def changed(self) -> None:
        self._changed.set()

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not true():
                self._changed.clear()
                await self._changed.wait()


class Recorder(Changes):
    """A JobListener that keeps everything."""

    def __init__(self) -> None:
        super().__init__()
        self.jobs: list[Job] = []
        self.no_job: list[str] = []
        self.results: list[tuple[Share, ShareResult]] = []
        self.notices: list[tuple[str, bool]] = []

    def on_job(self, job: Job) -> None:
        self.jobs.append(job)
        self.changed()

    def on_no_job(self, why: str) -> None:
        self.no_job.append(why)
        self.changed()

    def on_share_result(self, share: Share, result: ShareResult) -> None:
        self.results.append((share, result))
        self.changed()

    def on_notice(self, text: str, *, warning: bool = False) -> None:
        self.notices.append((text, warning))
        self.changed()

    @property
    def verdicts(self) -> list[Verdict]:
        return [result.verdict for _, result in self.results]

    async def verdict(self, count: int = 1) -> Verdict:
        await self.until(lambda: len(self.results) >= count)
        return self.verdicts[count - 1]

    async def job(self, count: int = 1) -> Job:
        await self.until(lambda: len(self.jobs) >= count)
        return self.jobs[count - 1]


class ManualTime(Changes):
    """A clock that stands still until a test moves it, and sleeps in its terms."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0
        self._sleeps = 0
        self._waiting: list[tuple[float, int, asyncio.Future[None], float]] = []

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self._sleeps += 1
        future = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (self.now + seconds, self._sleeps, future, seconds))
        self.changed()
        await future

    async def advance(self, seconds: float) -> None:
        """Move on, waking sleepers one by one at their moment."""
        end = self.now + seconds
        while self._waiting and self._waiting[0][0] <= end:
            due, _, future, _ = heapq.heappop(self._waiting)
            self.now = max(self.now, due)
            if not future.done():
                future.set_result(None)
                await turns()
        self.now = end

    async def advance_to(self, seconds: float) -> None:
        """Move on by so long once somebody sleeps."""
        await self.until_asleep()
        await self.advance(seconds)

    async def until_asleep(self, seconds: float | None = None) -> None:
        """Wait until somebody sleeps, for so long if a time is given."""
        await self.until(
            lambda: any(
                not future.done() and seconds in {None, whole}
                for _, _, future, whole in self._waiting
            )
        )

    async def until_asleep_for(self, least: float) -> float:
        """Wait for a pause (the watchdog's ticks are shorter) and return its length."""
        await self.until(lambda: self._longest() >= least)
        return self._longest()

    def _longest(self) -> float:
        # The limit of a connection that is being opened is no pause.
        left = [
            due - self.now
            for due, _, future, whole in self._waiting
            if not future.done() and whole != Timeouts().connect
        ]
        return max(left, default=0.0)


@dataclass
class Script:
    """What a pool does with each request; a test replaces what it wants otherwise."""

    version_mask: int | None = 0x1FFFE000
    extranonce1: bytes = bytes.fromhex("08000002")
    session_id: str | None = "5e55"
    authorizes: bool = True
    close_on: type | None = None
    """Hang up instead of answering this."""
    silent_on: type | None = None
    """Never answer this."""
    on_submit: Callable[[MessageId, Submit], bytes] = field(
        default=lambda message_id, _: encode_result(message_id, True)
    )
    on_other: Callable[[MessageId, Any], bytes] = field(default=lambda *_: b"")
    after_authorize: bytes = encode(SetDifficulty(0.5)) + encode(JOB)

    def reply(self, message_id: MessageId, request: object) -> bytes:
        match request:
            case Configure():
                return encode_result(message_id, ConfigureResult(self.version_mask).to_json())
            case Subscribe():
                result = SubscribeResult(self.extranonce1, 4, self.session_id)
                return encode_result(message_id, result.to_json())
            case Authorize():
                answer = encode_result(message_id, self.authorizes)
                return answer + (self.after_authorize if self.authorizes else b"")
            case Submit():
                return self.on_submit(message_id, request)
        return self.on_other(message_id, request)


class ScriptedPool(Changes):
    """Serves each connection by the script in force when it came; keeps all requests."""

    def __init__(self, script: Script | None = None) -> None:
        super().__init__()
        self.script = script or Script()
        self.requests: list[Any] = []
        self.answers: list[Any] = []
        self.transports: list[asyncio.Transport] = []
        self.port = 0

    @property
    def connections(self) -> int:
        return len(self.transports)

    @property
    def submits(self) -> list[Submit]:
        return [request for request in self.requests if isinstance(request, Submit)]

    def asked(self, kind: type[T]) -> list[T]:
        return [request for request in self.requests if isinstance(request, kind)]

    def say(self, data: bytes) -> None:
        """Write to the latest connection."""
        self.transports[-1].write(data)

    def hang_up(self) -> None:
        self.transports[-1].close()


class PoolSide(asyncio.Protocol):
    """The pool's end of one connection."""

    def __init__(self, pool: ScriptedPool) -> None:
        self.pool = pool
        self.script = pool.script
        self.protocol = ServerProtocol()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.pool.transports.append(transport)
        self.pool.changed()

    def data_received(self, data: bytes) -> None:
        for event in self.protocol.feed(data):
            if isinstance(event, Answered):
                self.pool.answers.append(event.answer)
            elif isinstance(event, Requested) and not self.transport.is_closing():
                self.on_request(event)
        self.pool.changed()

    def on_request(self, event: Requested) -> None:
        self.pool.requests.append(event.request)
        if self.script.close_on is not None and isinstance(event.request, self.script.close_on):
            self.transport.close()
        elif self.script.silent_on is None or not isinstance(event.request, self.script.silent_on):
            self.transport.write(self.script.reply(event.id, event.request))


@asynccontextmanager
async def serving(
    pool: ScriptedPool, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"
) -> AsyncIterator[ScriptedPool]:
    """Serve on loopback and clean up."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: PoolSide(pool), host, 0, ssl=tls)
    pool.port = server.sockets[0].getsockname()[1]
    try:
        yield pool
    finally:
        server.close()
        await turns()  # for connections that were just accepted
        for transport in pool.transports:
            transport.abort()
        await turns()


async def turns() -> None:
    """Let everything that is ready run, and what follows from it."""
    for _ in range(5):
        await asyncio.sleep(0)


@dataclass
class Mining:
    """A source at work: what a test touches."""

    source: StratumSource
    listener: Recorder
    pool: ScriptedPool
    time: ManualTime
    task: asyncio.Task[None]

    async def ended(self) -> None:
        """Wait until run() is over, letting its error out."""
        async with asyncio.timeout(PATIENCE):
            await self.task


def source_for(port: int, time: ManualTime, **options: Any) -> StratumSource:
    """Return a source; options are those of the pool's settings, of the retries, or its own."""
    said = {name: options.pop(name) for name in _OF_THE_POOL & options.keys()}
    said = {"url": f"127.0.0.1:{port}", "user": "slush.miner1", "password": "secret"} | said
    settings = PoolSettings(**said)
    retry = RetryPolicy(options.pop("retries", None))
    return StratumSource(
        settings, retry, user_agent="miner/1.0", clock=time.clock, sleep=time.sleep,
        random=lambda: 0.5, **options,
    )  # fmt: skip


_OF_THE_POOL = {each.name for each in fields(PoolSettings)}


@asynccontextmanager
async def mining(
    pool: ScriptedPool, tls: ssl.SSLContext | None = None, **options: Any
) -> AsyncIterator[Mining]:
    """Run a source at the pool, and stop it at the end."""
    time, listener = ManualTime(), Recorder()
    async with serving(pool, tls):
        if tls is not None:
            options.setdefault("url", f"stratum+ssl://127.0.0.1:{pool.port}")
        source = source_for(pool.port, time, **options)
        task = asyncio.create_task(source.run(listener))
        try:
            yield Mining(source, listener, pool, time, task)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
