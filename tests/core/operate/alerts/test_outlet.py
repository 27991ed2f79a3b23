"""Messages out, one after another, through channels that a test holds shut."""

import asyncio
from collections.abc import Awaitable, Callable

from stampmill.core.operate.alerts import outlet as outlets
from stampmill.core.operate.alerts.message import Message, message
from stampmill.core.operate.alerts.outlet import DeliveryError, Outlet
from stampmill.core.operate.alerts.watch import News
from stampmill.core.snapshot import Alert, AlertKind

MANY = outlets.MOST_WAITING + 10


def numbered(number: int) -> Message:
    alert = Alert(AlertKind.BLOCK_FOUND, str(number), "", 0.0)
    return message(News(alert, raised=True, time=0.0), "rig")


class Gate:
    """A channel that takes a message when it is opened."""

    name = "gate"

    def __init__(self, error: Exception | None = None) -> None:
        self.open = asyncio.Event()
        self.taken: list[str] = []
        self.closed = False
        self.error = error

    async def send(self, message: Message) -> None:
        await self.open.wait()
        if self.error is not None:
            raise self.error
        self.taken.append(str(message.fields["subject"]))

    async def close(self) -> None:
        self.closed = True


def trial(act: Callable[[Outlet, Gate], Awaitable[None]], error: Exception | None = None):
    async def run() -> tuple[Gate, Outlet]:
        channel = Gate(error)
        outlet = Outlet(channel, told.append)
        outlet.start()
        await act(outlet, channel)
        return channel, outlet

    told: list[str] = []
    return *asyncio.run(run()), told


def test_all_are_sent_in_their_order_before_it_closes() -> None:
    async def act(outlet: Outlet, channel: Gate) -> None:
        for number in range(3):
            outlet.put(numbered(number))
        channel.open.set()
        await outlet.close()

    channel, outlet, told = trial(act)
    assert (channel.taken, channel.closed, told) == (["0", "1", "2"], True, [])
    assert outlet.counts == {"gate-sent": 3, "gate-failed": 0}


def test_failures_are_counted_and_told_without_what_may_be_secret() -> None:
    async def act(outlet: Outlet, channel: Gate) -> None:
        outlet.put(numbered(0))
        channel.open.set()
        await outlet.close()
        channel.open.clear()

    _, outlet, told = trial(act, DeliveryError("rig failed with exit code 3"))
    assert outlet.counts == {"gate-sent": 0, "gate-failed": 1}
    assert told == ["alert gate: rig failed with exit code 3"]
    _, _, told = trial(act, ValueError("https://hooks.example/s3cret"))
    assert told == ["alert gate: ValueError"]


def test_of_too_many_the_oldest_go_and_it_is_said_once() -> None:
    async def act(outlet: Outlet, channel: Gate) -> None:
        for number in range(MANY):
            outlet.put(numbered(number))
        channel.open.set()
        await outlet.close()

    channel, outlet, told = trial(act)
    assert outlet.counts["gate-dropped"] == MANY - outlets.MOST_WAITING
    assert channel.taken == [str(number) for number in range(10, MANY)]
    assert told == ["alert gate: too slow, from now on alerts may be missing"]


def test_what_hangs_does_not_keep_the_run_from_ending() -> None:
    async def act(outlet: Outlet, channel: Gate) -> None:
        for number in range(3):
            outlet.put(numbered(number))
        await asyncio.sleep(0)
        await outlet.close(0.01)

    channel, outlet, _ = trial(act)
    assert (channel.taken, channel.closed) == ([], True)
    assert outlet.counts["gate-dropped"] == 3
