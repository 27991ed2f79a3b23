"""The miner's side of a guardian: starts it, gives orders, hears reports, keeps itself heard."""

import asyncio
import sys
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from typing import Protocol

import msgspec

from stampmill.core.backends.asic.guardian.messages import (
    BEAT_SECONDS,
    Beat,
    Choose,
    Done,
    Lost,
    Order,
    PowerUp,
    Ready,
    Refused,
    Report,
    Reset,
    Sensors,
    SetVolts,
    Stop,
    decode_report,
    encode,
)
from stampmill.core.backends.base import BackendError
from stampmill.core.errors import NoDeviceError

_MODULE = "stampmill.core.backends.asic.guardian"
_START_SECONDS = 15.0
_ORDER_SECONDS = 30.0
"""The bring-up of a board whose firmware answers late, three tries a step, fits in."""
_END_SECONDS = 5.0


class GuardianError(BackendError):
    """The guardian refused an order, or has ended."""


class Process(Protocol):
    """What is asked of a guardian's process: `asyncio.subprocess.Process`, or a stand-in."""

    stdin: asyncio.StreamWriter | None
    stdout: asyncio.StreamReader | None
    pid: int

    async def wait(self) -> int:
        """Return its exit status, once it has ended."""


class GuardianClient:
    """One guardian. Use it on the event loop that started it.

    `on_report` hears every report but answers to orders; `ended` is done, with the reason, once the
    guardian is gone: then nobody watches the board, and only another guardian may touch it.
    """

    def __init__(self, process: Process, on_report: Callable[[Report], None]) -> None:
        loop = asyncio.get_running_loop()
        self.variant = ""
        self.sensors: Sensors | None = None
        self.ended: asyncio.Future[str] = loop.create_future()
        self._process = process
        self._on_report = on_report
        self._ids = count(1)
        self._answers: dict[int, asyncio.Future[str]] = {}
        self._ready: asyncio.Future[None] = loop.create_future()
        self._tasks = [loop.create_task(self._hear()), loop.create_task(self._beat())]

    @classmethod
    async def start(
        cls,
        port: str,
        profile: str,
        on_report: Callable[[Report], None] = lambda _: None,
    ) -> "GuardianClient":
        """Start a guardian and wait until it holds the board in reset.

        `port` is the control port, `profile` bitaxe or emberone. Raise NoDeviceError if it cannot.
        """
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", _MODULE, port, profile,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            # Its own session: no signal of the terminal or of a group reaches it.
            start_new_session=True,
        )  # fmt: skip
        client = cls(process, on_report)
        await client.wait_until_ready(port)
        return client

    async def wait_until_ready(self, port: str) -> None:
        """Wait until it holds the board in reset; raise NoDeviceError, and let it go, if not."""
        try:
            await asyncio.wait_for(asyncio.shield(self._ready), _START_SECONDS)
        except TimeoutError:
            await self.close()
            raise NoDeviceError(f"{port}: the guardian did not start") from None
        except BaseException:
            await self.close()
            raise

    @property
    def pid(self) -> int:
        """The guardian's process."""
        return self._process.pid

    async def power_up(self, *, was_hot: bool = False) -> None:
        """Bring the board up to powered, reset low; raise GuardianError with the step at fault.

        One that `was_hot` has to be cool first.
        """
        await self._order(PowerUp(next(self._ids), was_hot))

    async def reset(self, *, high: bool) -> None:
        """Let the chips go, or hold them; raise GuardianError."""
        await self._order(Reset(next(self._ids), high))

    async def choose(self, chip_id: int) -> str:
        """Tell which chip answered and return the board's name; raise GuardianError."""
        return await self._order(Choose(next(self._ids), chip_id))

    async def set_volts(self, volts: float) -> None:
        """Change the core voltage while reset is low; raise GuardianError with the limits."""
        await self._order(SetVolts(next(self._ids), volts))

    async def stop(self) -> None:
        """Make the board cold in order; raise GuardianError."""
        await self._order(Stop(next(self._ids)))

    async def close(self) -> None:
        """Let the guardian end, which makes the board cold if it is not. Never raises.

        One that cannot confirm it is left alone: it goes on trying by itself.
        """
        self._tasks[1].cancel()
        self._input().close()
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(self._tasks[0]), _END_SECONDS)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._end("closed")

    async def _order(self, order: PowerUp | Reset | Choose | SetVolts | Stop) -> str:
        if self.ended.done():
            raise GuardianError(f"guardian: {self.ended.result()}")
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._answers[order.id] = answer
        try:
            self._say(order)
            return await asyncio.wait_for(answer, _ORDER_SECONDS)
        except TimeoutError:
            raise GuardianError(f"guardian: no answer to {order} in {_ORDER_SECONDS:g} s") from None
        finally:
            del self._answers[order.id]

    async def _beat(self) -> None:
        """Tell once a second that this event loop turns."""
        while True:
            self._say(Beat())
            await asyncio.sleep(BEAT_SECONDS)

    def _say(self, order: Order) -> None:
        if not self._input().is_closing():
            self._input().write(encode(order))

    def _input(self) -> asyncio.StreamWriter:
        assert self._process.stdin is not None  # noqa: S101  it was asked for as a pipe
        return self._process.stdin

    async def _hear(self) -> None:
        assert self._process.stdout is not None  # noqa: S101
        reason = "it has ended"
        async for line in self._process.stdout:
            try:
                report = decode_report(line)
            except msgspec.DecodeError:
                continue  # a stray print: what matters is asked for by id
            if isinstance(report, Lost):
                reason = report.text
            self._take(report)
        await self._process.wait()
        self._end(reason)

    def _take(self, report: Report) -> None:
        match report:
            case Ready(variant):
                self.variant = variant
                self._ready.set_result(None)
            case Done(id=order, text=text) if order in self._answers:
                self._answers[order].set_result(text)
            case Refused(id=order, text=text) if order in self._answers:
                self._answers[order].set_exception(GuardianError(text))
            case Done() | Refused():
                pass  # nobody waits for it any more
            case _:
                if isinstance(report, Sensors):
                    self.sensors = report
                self._on_report(report)

    def _end(self, reason: str) -> None:
        if not self._ready.done():
            self._ready.set_exception(NoDeviceError(reason))
            self._ready.exception()  # looked at by `start`, if it still waits
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(GuardianError(f"guardian: {reason}"))
        if not self.ended.done():
            self.ended.set_result(reason)
