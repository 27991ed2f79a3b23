"""The run as Prometheus metrics: a collector over the snapshot, which keeps nothing itself.

Base units, and counters that end in _total, as Prometheus' naming guide has it.
"""

import platform
from collections import Counter
from collections.abc import Callable, Iterator

from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from stampmill.core.operate import figures
from stampmill.core.operate.alerts.finding import slug
from stampmill.core.operate.labels import device_labels, pool_labels
from stampmill.core.operate.metrics import exposition
from stampmill.core.operate.metrics.energy import energy, policy_state
from stampmill.core.operate.metrics.families import Family, Samples, counter, gauge, histogram
from stampmill.core.snapshot import (
    AlertKind,
    DeviceSnapshot,
    PoolStanding,
    Quantity,
    Snapshot,
)


def render(shot: Snapshot, version: str) -> bytes:
    """Return the text that Prometheus scrapes."""
    return "".join(map(exposition.text, families(shot, version))).encode()


def families(shot: Snapshot, version: str) -> Iterator[Family]:
    """Yield what a snapshot says."""
    yield from _run(shot, version)
    yield from _devices(shot)
    yield from energy(shot)
    yield from _pools(shot)
    yield from _alerts(shot)


class SnapshotCollector(Collector):
    """Collects from the snapshot of the moment, for a registry of prometheus-client's."""

    def __init__(self, snapshot: Callable[[], Snapshot], version: str) -> None:
        self._snapshot = snapshot
        self._version = version

    def describe(self) -> list[Metric]:
        """Return nothing: a registry need not collect in order to register."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Yield what the snapshot of the moment says."""
        return (each.metric() for each in families(self._snapshot(), self._version))


def _run(shot: Snapshot, version: str) -> Iterator[Family]:
    backends = ",".join(dict.fromkeys(device.backend for device in shot.devices))
    info = (version, platform.python_version(), shot.kernel, backends)
    labels = ("version", "python", "isa", "backend")
    yield gauge("build_info", "What runs here.", labels, [(info, 1)])
    for name, text, value in (
        ("start_time_seconds", "When the run began, since 1970.", shot.time - shot.seconds),
        ("expected_share_seconds", "Mean time to a share.", shot.expected_share_seconds),
        ("job_difficulty", "Of the shares that are asked for.", shot.job_difficulty),
        ("network_difficulty", "Of a block.", shot.network_difficulty),
        ("block_height", "Of the block that is searched.", shot.job.height if shot.job else None),
        ("job_age_seconds", "Since the job came.", shot.job.age if shot.job else None),
        ("best_share_difficulty", "Reached in this run.", shot.best_difficulty),
    ):
        yield gauge(name, text, (), [((), value)] if value is not None else [])
    jobs = [(("true",), shot.clean_jobs), (("false",), shot.jobs - shot.clean_jobs)]
    yield counter("jobs", "Jobs that were mined on.", ("clean",), jobs)
    for name, text, value in (
        ("jobs_starved", "Jobs replaced before each device had worked on them.", shot.starved_jobs),
        ("duplicate_nonces", "Found twice; sent once.", shot.duplicates),
        ("blocks_found", "Accepted shares that solve a block.", shot.blocks),
    ):
        yield counter(name, text, (), [((), value)])
    yield histogram("job_switch_seconds", "From a job's last byte to all devices on it.",
                     (), [((), shot.job_switch)])  # fmt: skip
    yield histogram("share_path_seconds", "From a nonce found to its submit written.",
                     (), [((), shot.share_path)])  # fmt: skip
    yield policy_state(shot)


def _devices(shot: Snapshot) -> Iterator[Family]:
    named = list(zip(device_labels(shot), shot.devices, strict=True))
    both = ("device", "backend")
    keys = {label: (label, device.backend) for label, device in named}
    yield counter("hashes", "Hashes computed.", both,
                   ((keys[label], device.hashes) for label, device in named))  # fmt: skip
    yield gauge(
        "hashrate_hashes_per_second", "Over a window.", ("device", "window"),
        (sample for label, device in named for sample in _rates(label, device)),
    )  # fmt: skip
    yield gauge("device_up", "1 while it works or could.", both,
                 ((keys[label], device.alive) for label, device in named))  # fmt: skip
    yield gauge("device_enabled", "0 if told to rest.", both,
                 ((keys[label], device.enabled) for label, device in named))  # fmt: skip
    yield counter(
        "device_hw_errors", "Nonces that a recomputation denied.", ("device",),
        (((label,), device.shares.hardware_errors) for label, device in named),
    )  # fmt: skip
    yield counter("device_nonces", "Nonces that a recomputation confirmed.", ("device",),
                   (((label,), device.shares.nonces) for label, device in named))  # fmt: skip
    yield gauge(
        "device_expected_hashes_per_second", "What a board should do.", ("device",),
        (((label,), device.board.expected) for label, device in named if device.board),
    )  # fmt: skip
    for quantity, name in _SENSORS.items():
        yield gauge(
            name, f"In {quantity.value}.", ("device", "sensor"),
            (
                ((label, sensor.place), sensor.value)
                for label, device in named
                for sensor in device.sensors
                if sensor.quantity is quantity
            ),
        )  # fmt: skip


_SENSORS = {
    Quantity.TEMPERATURE: "device_temperature_celsius",
    Quantity.FAN: "device_fan_rpm",
    Quantity.VOLTAGE: "device_voltage_volts",
    Quantity.FREQUENCY: "device_frequency_hertz",
}


def _rates(label: str, device: DeviceSnapshot) -> Samples:
    rates = device.rates
    yield (label, "5s"), rates.seconds_5
    yield (label, "1m"), rates.minute_1
    yield (label, "5m"), rates.minutes_5
    yield (label, "15m"), rates.minutes_15


def _pools(shot: Snapshot) -> Iterator[Family]:
    named = list(zip(pool_labels(shot), shot.pools, strict=True))
    yield counter(
        "shares", "Shares by their fate.", ("pool", "result", "reason"),
        (sample for label, pool in named for sample in _shares(label, pool)),
    )  # fmt: skip
    yield counter(
        "share_difficulty", "Difficulties asked for, summed.", ("pool", "result"),
        (sample for label, pool in named for sample in _difficulties(label, pool)),
    )  # fmt: skip
    yield histogram("share_latency_seconds", "From a submit written to its answer read.",
                     ("pool",), (((label,), pool.answer) for label, pool in named))  # fmt: skip
    for name, text, values in (
        ("pool_up", "1 while it has let us in.", [figures.is_connected(p) for _, p in named]),
        ("pool_active", "1 for the one mined on.", [pool.active for _, pool in named]),
        ("pool_enabled", "0 if told to leave it be.", [p.status.enabled for _, p in named]),
    ):
        samples = (((label,), value) for (label, _), value in zip(named, values, strict=True))
        yield gauge(name, text, ("pool",), samples)
    yield gauge(
        "pool_difficulty", "What it asks for.", ("pool",),
        (((label,), p.status.difficulty) for label, p in named if p.status.difficulty is not None),
    )  # fmt: skip
    yield gauge(
        "pool_last_accept_timestamp_seconds", "Since 1970.", ("pool",),
        (
            ((label,), shot.time - pool.shares.seconds_since_accepted)
            for label, pool in named
            if pool.shares.seconds_since_accepted is not None
        ),
    )  # fmt: skip
    yield counter("pool_reconnects", "Connections after the first.", ("pool",),
                   (((label,), pool.status.reconnects) for label, pool in named))  # fmt: skip
    for name, text, reasons in (
        ("pool_faults", "Connections that failed or ended.", [p.status.faults for _, p in named]),
        ("pool_dropped", "Messages not usable.", [p.status.dropped for _, p in named]),
    ):
        counted = (
            ((label, reason), count)
            for (label, _), counts in zip(named, reasons, strict=True)
            for reason, count in counts
        )
        yield counter(name, text, ("pool", "reason"), counted)
    yield counter(
        "pool_redirects_refused", "client.reconnect to where it may not lead.", ("pool",),
        (((label,), dict(p.status.dropped).get("redirect-refused", 0)) for label, p in named),
    )  # fmt: skip


def _alerts(shot: Snapshot) -> Iterator[Family]:
    stand = (((slug(alert.kind), alert.subject), 1) for alert in shot.alerts)
    yield gauge("alert", "1 while it stands.", ("kind", "subject"), stand)
    # Those never raised, too: a counter that comes out of nothing shows no increase.
    times = Counter(dict.fromkeys(AlertKind, 0))
    for kind, _, count in shot.alerts_raised:
        times[kind] += count
    yield counter("alerts_raised", "How often.", ("kind",),
                   (((slug(kind),), count) for kind, count in times.items()))  # fmt: skip
    outcomes = ((tuple(name.split("-", 1)), count) for name, count in shot.alerts_sent)
    yield counter("alerts_sent", "What became of messages.", ("channel", "outcome"), outcomes)


def _shares(label: str, pool: PoolStanding) -> Samples:
    shares = pool.shares
    yield (label, "accepted", ""), shares.accepted
    for reason, count in shares.reject_reasons:
        yield (label, "rejected", reason), count
    if not shares.reject_reasons:
        yield (label, "rejected", ""), 0
    yield (label, "stale", ""), shares.stale
    yield (label, "lost", ""), shares.lost
    yield (label, "unanswered", ""), shares.unanswered


def _difficulties(label: str, pool: PoolStanding) -> Samples:
    yield (label, "accepted"), pool.shares.accepted_difficulty
    yield (label, "rejected"), pool.shares.rejected_difficulty
    yield (label, "stale"), pool.shares.stale_difficulty
