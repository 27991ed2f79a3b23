"""Makes joules of what meters say: which meter tells of which devices, and how much since then."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from stampmill.core.backends.opencl.nvml import Draw
from stampmill.core.energy.meters.counters import Readings, between
from stampmill.core.energy.power import Configured
from stampmill.core.snapshot import DevicePower, DeviceSnapshot, Quantity, Snapshot

CPU_BACKENDS = frozenset({"cpu", "numba", "reference"})
"""Those whose devices are this machine's CPUs."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """What the meters of this machine said at one moment."""

    packages: Readings = field(default_factory=dict)
    """Of the CPU."""
    cards: Mapping[str, Draw] = field(default_factory=dict)
    """By the label of the device."""
    on_cpu: frozenset[str] = frozenset()
    """Labels of OpenCL devices that are the CPU."""
    cpu_celsius: float | None = None
    on_battery: bool | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What one meter says of one or more devices: watts now, or counters of joules."""

    label: str
    origin: str
    devices: tuple[int, ...]
    watts: float | None = None
    counters: Readings = field(default_factory=dict)


Enter = Callable[[str, float, float], None]
"""Takes a label, joules and hashes."""


class Metering:
    """Turns readings into energy. `power` goes before what meters say: it may be at the wall."""

    def __init__(self, power: Sequence[Configured] = ()) -> None:
        self.power = tuple(power)
        self._sums: dict[tuple[str, str], _Sum] = {}
        self.readings: tuple[Reading, ...] = ()
        """The latest."""

    def step(self, shot: Snapshot, gathered: Gathered, now: float, enter: Enter) -> None:
        """Take a reading of everything at a monotonic time, and enter what came since the last."""
        self.readings = tuple(attribute(shot, gathered, self.power))
        seen = set()
        for reading in self.readings:
            key = (reading.label, reading.origin)
            seen.add(key)
            hashes = sum(shot.devices[index].hashes for index in reading.devices)
            joules, more = self._sums.setdefault(key, _Sum()).advance(reading, now, hashes)
            if joules or more:
                enter(reading.label, joules, more)
        for key, total in self._sums.items():
            if key not in seen:
                total.lose()

    def drawn(self) -> tuple[DevicePower, ...]:
        """Return the power of each that is known now; energies are the ledger's to fill in."""
        return tuple(
            DevicePower(reading.label, watts, reading.origin)
            for reading in self.readings
            if (watts := self._sums[reading.label, reading.origin].watts) is not None
        )


def attribute(shot: Snapshot, gathered: Gathered, power: Sequence[Configured]) -> Iterator[Reading]:
    """Return a reading for each device or group of devices of which something is known."""
    groups: dict[Configured | str, list[int]] = {}
    for index, device in enumerate(shot.devices):
        said = _configured(device, power)
        if said is not None:
            groups.setdefault(said, []).append(index)
        elif device.alive and (watts := _of_board(device)) is not None:
            yield Reading(device.name, "board", (index,), watts)
        elif device.alive and (draw := gathered.cards.get(device.name)) and is_known(draw):
            yield _of_card(device, index, draw)
        elif is_on_cpu(device, gathered) and gathered.packages:
            groups.setdefault(device.backend, []).append(index)
    for group, members in groups.items():
        devices = tuple(members)
        if isinstance(group, str):
            yield Reading(group, "rapl", devices, counters=gathered.packages)
        else:
            yield _by_word(shot, group, devices)


def is_on_cpu(device: DeviceSnapshot, gathered: Gathered) -> bool:
    """Tell whether a device is this machine's CPU, or a part of it."""
    return device.backend in CPU_BACKENDS or device.name in gathered.on_cpu


def celsius_of(device: DeviceSnapshot, gathered: Gathered) -> float | None:
    """Return the hottest that is known of a device."""
    if is_on_cpu(device, gathered):
        return gathered.cpu_celsius
    if (draw := gathered.cards.get(device.name)) is not None:
        return draw.temperature
    heats = [each.value for each in device.sensors if each.quantity is Quantity.TEMPERATURE]
    return max(heats, default=None)


def is_known(draw: Draw) -> bool:
    """Tell whether a card says anything of its power."""
    return draw.joules is not None or draw.watts is not None


def is_at_work(shot: Snapshot, device: DeviceSnapshot) -> bool:
    """Tell whether a device has something to do."""
    return (
        device.alive and device.enabled and not device.held
        and not shot.paused and shot.job is not None
    )  # fmt: skip


def _configured(device: DeviceSnapshot, power: Iterable[Configured]) -> Configured | None:
    """Return what was said of the device itself, or else of its backend."""
    fitting = [each for each in power if each.is_of(device)]
    return min(fitting, key=lambda each: each.name == device.backend, default=None)


def _by_word(shot: Snapshot, said: Configured, devices: tuple[int, ...]) -> Reading:
    members = [shot.devices[index] for index in devices]
    label = members[0].name if said.name != members[0].backend else said.name
    if any(is_at_work(shot, device) for device in members):
        return Reading(label, "configured", devices, said.watts)
    alive = any(device.alive for device in members)
    return Reading(label, "configured", devices, said.rest if alive else 0.0)


def _of_board(device: DeviceSnapshot) -> float | None:
    watts = [each.value for each in device.sensors if each.quantity is Quantity.POWER]
    return sum(watts) if watts else None


def _of_card(device: DeviceSnapshot, index: int, draw: Draw) -> Reading:
    counters = {} if draw.joules is None else {device.name: (draw.joules, 0.0)}
    return Reading(device.name, "nvml", (index,), draw.watts, counters)


@dataclass(slots=True)
class _Sum:
    """The energy of one label, reading after reading."""

    watts: float | None = None
    """Now, as far as known."""
    _at: float | None = None
    _counters: dict[str, tuple[float, float]] = field(default_factory=dict)
    _hashes: float | None = None

    def advance(self, reading: Reading, now: float, hashes: float) -> tuple[float, float]:
        """Return joules and hashes since the last reading."""
        seconds = 0.0 if self._at is None else max(now - self._at, 0.0)
        if reading.counters:
            joules = between(self._counters, reading.counters) or 0.0
            # One that is silent for a while is counted from where it was.
            self._counters |= reading.counters
            self.watts = _rate(joules, seconds) if reading.watts is None else reading.watts
        else:
            watts = reading.watts or 0.0
            joules = seconds * (watts if self.watts is None else (watts + self.watts) / 2)
            self.watts = watts
        more = 0.0 if self._hashes is None else max(hashes - self._hashes, 0.0)
        self._at, self._hashes = now, hashes
        return joules, more

    def lose(self) -> None:
        """Know nothing of it any more; a counter goes on by itself."""
        self.watts = None
        if not self._counters:
            self._at = None


def _rate(joules: float, seconds: float) -> float | None:
    return joules / seconds if seconds > 0 else None
