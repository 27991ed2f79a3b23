"""The devices of a run: what each has hashed, how fast, and what became of its shares."""

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from stampmill.core.backends.base import Backend
from stampmill.core.board_report import BoardReport
from stampmill.core.snapshot import DeviceSnapshot, Quantity, Rates, Sensor, Shares
from stampmill.core.stats import RATE_WINDOWS, RateMeter


@dataclass(slots=True)
class _Device:
    backend: Backend
    name: str
    meter: RateMeter
    hashes: int = 0
    before: int = 0
    """What an earlier backend hashed on it."""
    kernel: str = ""
    alive: bool = True
    used: bool = True
    """Whether its backend still works on it; its counters stay."""
    rests: bool = False
    """Whether its backend lets it rest of its own accord."""
    board: BoardReport | None = None


@dataclass(slots=True)
class Devices:
    """Hash counts and rates by device, and their total. Times are monotonic seconds."""

    started: float = 0.0
    _devices: dict[tuple[Backend, str], _Device] = field(default_factory=dict)
    _meter: RateMeter = field(default_factory=lambda: RateMeter(0.0))

    def begin(self, started: float) -> None:
        """Count from here."""
        self.started = started
        self._meter = RateMeter(started)

    @property
    def total(self) -> int:
        """All hashes."""
        return sum(device.hashes for device in self._devices.values())

    def count(self, backend: Backend, hashes: dict[str, int]) -> None:
        """Note what each device of a backend has hashed since it was opened."""
        for name, count in hashes.items():
            if (backend, name) not in self._devices:
                kernel = backend.capabilities().kernel
                new = _Device(backend, name, RateMeter(self.started), kernel=kernel)
                self._devices[backend, name] = new
            device = self._devices[backend, name]
            device.hashes = device.before + count

    def hand_over(self, old: Backend, new: Backend) -> None:
        """Let the devices of one backend be another's; those that it leaves out keep their counts.

        The new backend is open, and has hashed nothing yet.
        """
        wanted, kernel = new.capabilities().devices, new.capabilities().kernel
        for device in self._devices.values():
            if device.backend is old:
                device.backend, device.kernel = new, kernel
                device.before, device.used = device.hashes, device.name in wanted
        self._devices = {(device.backend, device.name): device for device in self._devices.values()}
        self.count(new, dict.fromkeys(wanted, 0))

    def rest(self, backend: Backend, names: AbstractSet[str]) -> None:
        """Note which devices a backend lets rest of its own accord."""
        for (owner, name), device in self._devices.items():
            if owner is backend:
                device.rests = name in names

    def report(self, backend: Backend, board: BoardReport) -> None:
        """Note how the board of a backend does, which is its only device."""
        if (device := self._devices.get((backend, board.name))) is not None:
            device.board = board

    def lose(self, backend: Backend) -> None:
        """Note that a backend is gone."""
        for device in self._devices.values():
            device.alive = device.alive and device.backend is not backend

    @property
    def owners(self) -> list[Backend]:
        """The backend of each device, in their order."""
        return [device.backend for device in self._devices.values()]

    def backend_of(self, index: int) -> Backend | None:
        """Return the backend of a device, by its place among all; None if it has more than one."""
        backend = self.owners[index]
        used = [
            name for (owner, name), one in self._devices.items() if owner is backend and one.used
        ]
        return backend if used == [list(self._devices)[index][1]] else None

    def sample(self, now: float) -> None:
        """Take every rate; a device that counts no more comes down to zero."""
        for device in self._devices.values():
            device.meter.sample(now, device.hashes)
        self._meter.sample(now, self.total)

    def total_rates(self, seconds: float) -> Rates:
        """Return the rates of all together, after so long a run."""
        return _rates(self._meter, self.total, seconds)

    def snapshots(
        self,
        seconds: float,
        shares: Callable[[tuple[Backend, str]], Shares],
        resting: AbstractSet[Backend],
        held: AbstractSet[Backend],
    ) -> tuple[DeviceSnapshot, ...]:
        """Return a picture of each; `shares` tells what became of those of one."""
        return tuple(
            DeviceSnapshot(
                device.name,
                device.backend.name,
                device.hashes,
                _rates(device.meter, device.hashes, seconds),
                shares(key),
                device.kernel,
                device.alive,
                device.used and device.backend not in resting,
                _sensors(device.board),
                device.board,
                device.rests or device.backend in held,
            )
            for key, device in self._devices.items()
        )


def _sensors(board: BoardReport | None) -> tuple[Sensor, ...]:
    if board is None:
        return ()
    clock = Sensor(Quantity.FREQUENCY, "chips", board.mhz * 1e6)
    return (
        clock,
        *(
            Sensor(Quantity.TEMPERATURE, one.place, one.celsius, one.stops_at)
            for one in board.temperatures
        ),
        *(Sensor(Quantity(one.unit), one.place, one.value) for one in board.readings),
    )


def _rates(meter: RateMeter, total: int, seconds: float) -> Rates:
    short, minute, minutes, quarter = (meter.rate(window) for window in RATE_WINDOWS)
    return Rates(short, minute, minutes, quarter, total / seconds if seconds > 0 else 0.0)
