"""What a run is told, put together: `core.config` makes it out of file, environment and flags."""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class PoolSettings:
    """One pool: where it is and who we are there."""

    url: str
    user: str = ""
    password: str = field(default="x", repr=False)  # every pool's placeholder
    suggest_difficulty: float | None = None
    minimum_difficulty: float | None = None
    """What to ask never to get less than (BIP310)."""
    send_difference: bool = False
    """Submit the rolled version as the difference to the job's, not as its bits in the mask."""
    extranonce_subscribe: bool = False
    """Ask for new extranonces by a request of its own, as NiceHash wants it."""
    tls_pins: tuple[str, ...] = ()
    """`cert:HEX` or `spki:HEX`: what a TLS pool must show, whoever vouches for it or not."""
    tls_ca: str | None = None
    """A file with the CAs that may vouch for it, instead of the system's."""
    tls_insecure: bool = False
    """Take whatever certificate is shown."""
    proxy: str | None = field(default=None, repr=False)
    """URL of the proxy to go through, perhaps with credentials."""
    redirect: str = "same-host"
    """What to do with `client.reconnect`: same-host, never or listed."""
    redirect_hosts: tuple[str, ...] = ()
    """Where else it may lead, if listed; this pool's user and password go there."""
    rpc_cookie: str | None = None
    """A node's cookie file, instead of user and password."""
    quota: int = 1
    """Its part of the work, beside the others', when the load is balanced."""
    check_address: str | None = None
    """Who must get at least half of what each job's coinbase pays."""


@dataclass(frozen=True, slots=True)
class GroupSettings:
    """How several pools share the work, and when one is left; None: the group's own figure."""

    load_balance: bool = False
    """All in turns, instead of the first that works."""
    first_job: float | None = None
    stuck: float | None = None
    rejects: int | None = None
    stable: float | None = None


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds after which a pool that does not work is left."""

    connect: float = 15.0
    """For a TCP connection, and again for TLS; twice as long for a proxy."""
    answer: float = 30.0
    """For the answer to subscribe and authorize."""
    silence: float = 150.0
    """Without a line of the pool's; longer than any pool's pause between two jobs (60 s)."""
    keep_alive: int = 30
    """Without traffic, until the system probes the line: three times, a third of it apart."""
    unacknowledged: int = 60
    """For the other end's system to acknowledge what was sent, or a probe."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often a lost pool is dialled again. Pauses are seconds, doubled up to the ceiling."""

    retries: int | None = None
    """Failures in a row before giving up; None: never."""
    pause: float = 1.0
    ceiling: float = 60.0


@dataclass(frozen=True, slots=True)
class SoloSettings:
    """What mining alone on a node needs besides the node."""

    address: str | None = None
    """Who is paid."""
    signature: str = ""
    """Text for the coinbase."""
    chain: str | None = None
    """The chain that the node must be on; None: any that the address belongs to."""
    block_dir: str | None = None
    """Where found blocks are kept; None: the user's state folder."""


@dataclass(frozen=True, slots=True)
class GpuSettings:
    """When a GPU rests; None: no such limit, and the backend's own delay."""

    polite: bool = True
    """While another process uses it."""
    temperature_limit: float | None = None
    """Degrees Celsius."""
    power_limit: float | None = None
    """Watts."""
    resume_delay: float | None = None


@dataclass(frozen=True, slots=True)
class AsicSettings:
    """What holds for all ASIC boards of a run; None: as the board is and as its chips want it."""

    board: str = "auto"
    """The kind of board: `auto` for what its USB identity says, or else a bare chain."""
    chip: str | None = None
    chips: int | None = None
    """How many must answer."""
    mhz: float | None = None
    volts: float | None = None
    baud: int | None = None
    """Of the data line once the chips are up."""
    domain: int = 0
    """Chips that share a voltage, on long chains."""
    force: bool = False
    """Go on although chips are of another kind or number."""
    as_tuned: bool = True
    """Where neither clock nor voltage is said: what `stampmill bench tune` found for the board."""


@dataclass(frozen=True, slots=True)
class SurfaceSettings:
    """Where a run can be watched and steered; None: nowhere."""

    api_listen: str | None = None
    """The cgminer API, as host:port."""
    api_allow: str | None = None
    """Who may read and write there, in cgminer's form; None: this machine may read."""
    http_listen: str | None = None
    """Metrics and JSON, as host:port."""
    http_token: str | None = field(default=None, repr=False)
    """What it takes to change anything over HTTP."""
    axeos: bool = False
    """Speak over HTTP as AxeOS does."""


@dataclass(frozen=True, slots=True)
class EnergySettings:
    """How energy is metered, and what it costs; `core.energy` reads the texts."""

    metered: bool = True
    power: tuple[str, ...] = ()
    """`BACKEND=WATTS` or `BACKEND:DEVICE=WATTS`, each, where no meter tells or one is wrong."""
    price: float | None = None
    """Of a kilowatt-hour, when nothing else says one."""
    price_bands: tuple[str, ...] = ()
    """`HOURS=PRICE`, each."""
    price_file: str | None = None
    price_file_unit: str = "kWh"
    currency: str = ""
    time_zone: str | None = None
    """In which hours and days are meant; None: this machine's."""


@dataclass(frozen=True, slots=True)
class RuleSettings:
    """When a run is paused or throttled; None: no such rule. Prices are of a kilowatt-hour."""

    mine_hours: tuple[str, ...] = ()
    off_hours: str = "pause"
    pause_above_price: float | None = None
    resume_below_price: float | None = None
    """None: as soon as it is not above the other one."""
    on_high_price: str = "pause"
    on_unknown_price: str = "run"
    temp_limit: float | None = None
    """Degrees Celsius, of each device."""
    temp_resume: float | None = None
    on_heat: str = "pause"
    on_battery: str | None = None
    throttle_to: int = 50
    """Per cent of the time."""


@dataclass(frozen=True, slots=True)
class AlertSettings:
    """What is worth an alert, and who is told of one."""

    command: str | None = field(default=None, repr=False)
    """A program with its arguments, as a shell would part them; no shell runs it."""
    webhook: str | None = field(default=None, repr=False)
    """A URL that takes JSON; what is secret about it is in it."""
    notify: tuple[str, ...] = field(default=(), repr=False)
    """URLs as apprise has them, with their secrets."""
    rate: float = 0.85
    """A device is slow below this part of what it should do."""
    rejects: float = 0.05
    """This part of the shares may be rejected or stale."""
    temperature: float | None = None
    """Degrees Celsius; None: near the device's own limit."""


@dataclass(frozen=True, slots=True)
class MineSettings:
    """A whole run. Without pools it mines on the embedded one."""

    pools: tuple[PoolSettings, ...] = ()
    retry: RetryPolicy = RetryPolicy()
    backend: str | None = None
    kernel: str | None = None
    devices: tuple[str, ...] = ()
    """`BACKEND` or `BACKEND:INDEX`, each."""
    intensity: str | None = None
    """How long a launch on an OpenCL device takes: milliseconds, or the name of a preset."""
    gpu: GpuSettings = GpuSettings()
    asic: AsicSettings = AsicSettings()
    threads: int | None = None
    pin_threads: bool = True
    cpu_priority: str = "idle"
    """Of the scan threads: idle, or normal."""
    asicboost: bool = True
    """Roll versions where the pool lets us, so that several share a message schedule."""
    time_limit: float | None = None
    block_every: int = 10
    timeouts: Timeouts = Timeouts()
    egress: tuple[str, ...] = ()
    """Hosts and networks that may be connected to; empty: those of the configuration."""
    audit_log: Path | None = None
    solo: SoloSettings = SoloSettings()
    group: GroupSettings = GroupSettings()
    surfaces: SurfaceSettings = SurfaceSettings()
    alerts: AlertSettings = AlertSettings()
    energy: EnergySettings = EnergySettings()
    rules: RuleSettings = RuleSettings()
