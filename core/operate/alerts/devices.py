"""Rules on devices: that each does what it should, and that none is too hot."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from stampmill.core.board_report import BoardReport
from stampmill.core.operate.alerts.finding import Finding, Step
from stampmill.core.operate.alerts.slowness import SILENT_SECONDS, CountedRate, SteadyRate
from stampmill.core.operate.figures import DIFFICULTY_1_HASHES
from stampmill.core.operate.labels import device_labels
from stampmill.core.operate.words import duration
from stampmill.core.snapshot import AlertKind, DeviceSnapshot, Quantity, Sensor, Snapshot

_CARDS = "opencl"
"""The backend whose devices are cards; the devices of others are boards, or threads of one CPU."""

_Pair = tuple[DeviceSnapshot, DeviceSnapshot]


class BelowExpectation:
    """A device failed, is silent, or is slower than a part of what it should do.

    A board should do what its chips and clock make. Cards are held against themselves, and so
    are all threads of a backend together: what slows a CPU down slows all of them. A tuning file
    is no yardstick: it has what one thread does while its neighbours rest.
    """

    def __init__(self, limit: float) -> None:
        """Take the limit as a part of what should be, 0 to 1."""
        self._limit = limit
        self._boards: dict[str, CountedRate] = {}
        self._rates: dict[str, tuple[object, SteadyRate]] = {}
        self._silent: dict[str, float] = {}

    def look(self, step: Step) -> Sequence[Finding]:
        """Count what all have done, and judge."""
        pairs = _pairs(step)
        said = [*_failed(step.shot), *self._silence(step, pairs)]
        said += self._look_at_boards(step, pairs)
        for subject, group in _groups(pairs).items():
            said += self._look_at_rate(subject, group, step)
        return [Finding(AlertKind.DEVICE_BELOW_EXPECTATION, *words) for words in said]

    def _silence(self, step: Step, pairs: dict[str, _Pair]) -> Iterator[tuple[str, str]]:
        for label, (before, now) in pairs.items():
            if now.board is not None:
                continue  # its nonces may be rare
            worked = now.hashes > before.hashes
            if worked or not _works(now):
                self._silent[label] = 0.0
            elif step.mines:
                self._silent[label] = self._silent.get(label, 0.0) + step.seconds
            if self._silent.get(label, 0.0) >= SILENT_SECONDS:
                yield label, f"no hash for more than {duration(SILENT_SECONDS)}, and it has work"

    def _look_at_boards(self, step: Step, pairs: dict[str, _Pair]) -> Iterator[tuple[str, str]]:
        for label, (before, now) in pairs.items():
            if before.board is None or now.board is None:
                continue
            meter = self._boards.setdefault(label, CountedRate(self._limit))
            if step.mines and _works(now):
                nonces = max(_nonces(now.board) - _nonces(before.board), 0)
                meter.add(step.seconds, _expected_nonces(now.board, step.seconds), nonces)
            if meter.slow and now.alive:
                yield label, meter.text(now.board.expected)

    def _look_at_rate(
        self, subject: str, group: Sequence[_Pair], step: Step
    ) -> Iterator[tuple[str, str]]:
        meter = self._meter(subject, group, step)
        if step.mines:
            hashes = sum(now.hashes - before.hashes for before, now in group)
            meter.add(step.seconds, max(hashes, 0))
        else:
            meter.break_off()
        if meter.slow:
            yield subject, meter.text()

    def _meter(self, subject: str, group: Sequence[_Pair], step: Step) -> SteadyRate:
        """Return the group's, a new one where another rate is to be expected than before."""
        rolls = step.shot.job is not None and step.shot.job.version_mask != 0
        known = self._rates.get(subject)
        if known is not None and step.shot.job is None:
            return known[1]
        terms = (len(group), {now.kernel for _, now in group}, rolls)
        if known is None or known[0] != terms:
            known = self._rates[subject] = terms, SteadyRate(self._limit)
        return known[1]


def _pairs(step: Step) -> dict[str, _Pair]:
    """Return before and now of each device, by its label; devices are only ever added."""
    before = dict(zip(device_labels(step.before), step.before.devices, strict=True))
    after = zip(device_labels(step.shot), step.shot.devices, strict=True)
    return {label: (before[label], now) for label, now in after if label in before}


def _failed(shot: Snapshot) -> Iterator[tuple[str, str]]:
    there = {device.name for device in shot.devices if device.alive}
    for label, device in zip(device_labels(shot), shot.devices, strict=True):
        if not device.alive and device.name not in there:
            yield label, "has failed, and is not mined on any more"


def _groups(pairs: dict[str, _Pair]) -> dict[str, list[_Pair]]:
    """Return the working devices that have no promised rate, those together that share a fate."""
    groups: dict[str, list[_Pair]] = {}
    for label, (before, now) in pairs.items():
        if now.board is None and _works(now):
            subject = label if now.backend == _CARDS else now.backend
            groups.setdefault(subject, []).append((before, now))
    return groups


def _works(device: DeviceSnapshot) -> bool:
    return device.alive and device.enabled and not device.held


def _nonces(board: BoardReport) -> int:
    return sum(chip.nonces for chip in board.chips)


def _expected_nonces(board: BoardReport, seconds: float) -> float:
    return board.expected * seconds / (board.ticket_difficulty * DIFFICULTY_1_HASHES)


@dataclass(slots=True)
class _Heat:
    hot: Finding | None = None
    looks: int = 0
    """In a row at the limit or above."""


@dataclass(slots=True)
class TooHot:
    """A sensor shows the limit or more, three looks in a row. Over when all are 5 degrees below.

    The limit is the one given. Without it, it lies 5 degrees below that at which the device
    stops itself: a board's chips at what its guardian lets them. Of others nobody knows: 85.
    """

    limit: float | None = None
    _devices: dict[str, _Heat] = field(default_factory=dict)

    USUAL = 85.0
    MARGIN = 5.0
    LOOKS = 3

    def look(self, step: Step) -> Sequence[Finding]:
        """Look at all sensors."""
        for label, device in zip(device_labels(step.shot), step.shot.devices, strict=True):
            self._judge(label, device, self._devices.setdefault(label, _Heat()))
        return [heat.hot for heat in self._devices.values() if heat.hot is not None]

    def _judge(self, label: str, device: DeviceSnapshot, heat: _Heat) -> None:
        limits = [(sensor, self._limit_of(sensor)) for sensor in _thermometers(device)]
        over = [(sensor.value - limit, sensor, limit) for sensor, limit in limits]
        excess, sensor, limit = max(over, key=lambda one: one[0], default=(-self.MARGIN, None, 0.0))
        heat.looks = heat.looks + 1 if excess >= 0 else 0
        if sensor is not None and heat.looks >= self.LOOKS and heat.hot is None:
            text = f"{sensor.place} {sensor.value:.0f} C, the limit is {limit:.0f}"
            heat.hot = Finding(AlertKind.TEMPERATURE, label, text)
        elif excess <= -self.MARGIN:
            heat.hot = None

    def _limit_of(self, sensor: Sensor) -> float:
        if self.limit is not None:
            return self.limit
        return self.USUAL if sensor.limit is None else sensor.limit - self.MARGIN


def _thermometers(device: DeviceSnapshot) -> Iterator[Sensor]:
    for sensor in device.sensors:
        if sensor.quantity is Quantity.TEMPERATURE:
            yield sensor
