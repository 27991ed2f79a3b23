"""One immutable picture of a run, which every view and report renders."""

from dataclasses import dataclass
from enum import Enum

from stampmill.core.board_report import BoardReport
from stampmill.core.job_source import SourceStatus


@dataclass(frozen=True, slots=True)
class Rates:
    """Hashes per second over 5 s, 1 min, 5 min, 15 min and the whole run."""

    seconds_5: float
    minute_1: float
    minutes_5: float
    minutes_15: float
    average: float


@dataclass(frozen=True, slots=True)
class Shares:
    """What became of the shares of one pool, or of one device. Difficulties are the jobs', summed.

    `best_difficulty` and `last_difficulty` are what shares reached, the latter accepted ones.
    """

    accepted: int = 0
    rejected: int = 0
    reject_reasons: tuple[tuple[str, int], ...] = ()
    stale: int = 0
    lost: int = 0
    unanswered: int = 0
    accepted_difficulty: float = 0.0
    rejected_difficulty: float = 0.0
    stale_difficulty: float = 0.0
    best_difficulty: float = 0.0
    last_difficulty: float = 0.0
    seconds_since_accepted: float | None = None
    last_pool: int | None = None
    """The number of the pool that accepted the latest one."""
    blocks: int = 0
    nonces: int = 0
    """Good ones of a device, whether shares or not."""
    hardware_errors: int = 0
    seconds_since_nonce: float | None = None


class Quantity(Enum):
    """What a sensor measures, and in what unit."""

    TEMPERATURE = "celsius"
    FAN = "rpm"
    VOLTAGE = "volts"
    FREQUENCY = "hertz"
    POWER = "watts"


@dataclass(frozen=True, slots=True)
class Sensor:
    """A reading; `place` is board, chip, inlet or the like."""

    quantity: Quantity
    place: str
    value: float
    limit: float | None = None
    """At which the device stops itself, where that is known."""


@dataclass(frozen=True, slots=True)
class DeviceSnapshot:
    """One device: a thread, a card, a board."""

    name: str
    backend: str
    hashes: int
    rates: Rates
    shares: Shares = Shares()
    kernel: str = ""
    alive: bool = True
    enabled: bool = True
    sensors: tuple[Sensor, ...] = ()
    board: BoardReport | None = None
    """How it does chip by chip, if it is a board."""
    held: bool = False
    """It rests because the rules want it, or its backend's own: somebody else needs a card, say."""


@dataclass(frozen=True, slots=True)
class Latency:
    """Latencies in seconds: percentiles of the latest few thousand, None where none was.

    `total` is the sum of all, `buckets` how many there were between `stats.LATENCY_BOUNDS`.
    """

    count: int
    p50: float | None
    p99: float | None
    total: float = 0.0
    buckets: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class PoolStanding:
    """One pool: what it says of itself, whether it is mined on, and what came of its shares."""

    status: SourceStatus
    active: bool
    shares: Shares
    answer: Latency
    jobs: int = 0


@dataclass(frozen=True, slots=True)
class JobSnapshot:
    """The job that is mined on. `previous_hash` is as explorers show it, `age` seconds."""

    id: str
    clean: bool
    difficulty: float
    network_difficulty: float
    height: int | None
    previous_hash: str
    version: int
    version_mask: int
    ntime: int
    age: float


class AlertKind(Enum):
    """What somebody should know of without asking."""

    NO_ACCEPTED_SHARE = "no accepted share"
    DEVICE_BELOW_EXPECTATION = "device below expectation"
    REJECTED_SHARES = "rejected shares"
    TEMPERATURE = "temperature"
    POOL_SWITCHED = "pool switched"
    REDIRECT_REFUSED = "redirect refused"
    BLOCK_FOUND = "block found"


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert: `subject` is the pool or device it is about, `text` a line for people."""

    kind: AlertKind
    subject: str
    text: str
    since: float
    """Seconds since 1970."""


@dataclass(frozen=True, slots=True)
class DevicePower:
    """What a device draws, and how that is known: board, rapl, nvml, configured.

    `device` is one, or the backend of several that are only known together.
    """

    device: str
    watts: float
    origin: str
    joules: float = 0.0
    """In this run."""
    joules_per_hash: float | None = None
    """In this run, what was drawn at rest included."""


@dataclass(frozen=True, slots=True)
class EnergyTotal:
    """Energy of a day, or of all runs that the ledger has kept."""

    joules: float = 0.0
    cost: float | None = None
    """In the currency of now; what was spent in another is not in it."""


@dataclass(frozen=True, slots=True)
class EnergySnapshot:
    """Power now and energy so far; None where nothing is known of it."""

    devices: tuple[DevicePower, ...] = ()
    watts: float | None = None
    joules: float = 0.0
    joules_per_hash: float | None = None
    """Of the devices whose power is known, what they drew at rest included."""
    price: float | None = None
    """Of a kilowatt-hour now, in `currency`."""
    cost: float | None = None
    """Of the energy so far, in `currency`."""
    currency: str = ""
    unpriced_joules: float = 0.0
    """The part of `joules` that is not in `cost`: no price was known at the time."""
    day: EnergyTotal = EnergyTotal()
    """Of this day, earlier runs included."""
    ever: EnergyTotal = EnergyTotal()


class PolicyAction(Enum):
    """What the rules want of the devices."""

    RUN = "run"
    THROTTLE = "throttle"
    PAUSE = "pause"


@dataclass(frozen=True, slots=True)
class DevicePolicy:
    """What the rules want of one device beyond what they want of all."""

    device: str
    action: PolicyAction
    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class PolicySnapshot:
    """What the rules have decided: `rule` is the one that did, `since` seconds since 1970."""

    action: PolicyAction
    rule: str
    reason: str
    since: float
    duty: float = 1.0
    """The part of the time that devices work while throttled."""
    devices: tuple[DevicePolicy, ...] = ()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything known at one moment. Times are seconds, rates hashes per second."""

    time: float
    """Since 1970."""
    seconds: float
    source: SourceStatus
    kernel: str
    paused: str
    """Who paused the run, or nothing."""
    devices: tuple[DeviceSnapshot, ...]
    pools: tuple[PoolStanding, ...]
    """In the order of the configuration."""
    hashes: int
    rates: Rates
    job: JobSnapshot | None
    job_id: str | None
    job_difficulty: float | None
    network_difficulty: float | None
    expected_share_seconds: float | None
    """Mean time to the next share at the current rate."""
    jobs: int
    clean_jobs: int
    starved_jobs: int
    accepted: int
    rejected: int
    reject_reasons: tuple[tuple[str, int], ...]
    stale: int
    lost: int
    unanswered: int
    duplicates: int
    hardware_errors: int
    below_share: int
    blocks: int
    accepted_difficulty: float
    best_difficulty: float
    seconds_since_accepted: float | None
    job_switch: Latency
    share_path: Latency
    pool_answer: Latency
    alerts: tuple[Alert, ...] = ()
    """Those that stand, the oldest first."""
    alerts_raised: tuple[tuple[AlertKind, str, int], ...] = ()
    """How often each was raised so far: kind, subject, times."""
    alerts_sent: tuple[tuple[str, int], ...] = ()
    """What became of the messages about them, by name."""
    energy: EnergySnapshot | None = None
    policy: PolicySnapshot | None = None
