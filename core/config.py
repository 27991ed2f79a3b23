"""Typed settings of a run: a TOML file, the environment and flags, in rising precedence.

Every option has one long name, the same in all three places: `--time-limit 30`,
`STAMPMILL_TIME_LIMIT=30`, `time-limit = 30`. Pools are a list: `[[pool]]` tables in the file,
repeated groups of flags, one pool in the environment. Values that are lists are arrays in the
file, repeated flags, and parted by commas in the environment.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import msgspec

from stampmill.core.errors import UsageError
from stampmill.core.said import Options, PoolOptions, Texts

PREFIX = "STAMPMILL_"

# Read by other parts of stampmill, so no misspelt options: the file's path and the build switch.
_OTHER_VARIABLES = {"STAMPMILL_CONFIG", "STAMPMILL_NATIVE"}
_SECRETS = {"pass", "http-token"}
"""Not shown in errors."""


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


@dataclass(frozen=True, slots=True)
class Layer:
    """What one place says: options and pools by their long names, and how to name the place."""

    place: str
    options: Mapping[str, Any]
    pools: Sequence[Mapping[str, Any]] = ()


def load(flags: Layer, environ: Mapping[str, str], file: Path | None) -> MineSettings:
    """Return the settings of a run; raise UsageError naming the place, key and value at fault."""
    layers = [environment(environ), flags]
    if file is not None:
        layers.insert(0, read_file(file))
    options: dict[str, Any] = {}
    for layer in layers:
        options |= _checked(layer.place, layer.options, Options)
    run = msgspec.convert(options, Options)
    return _settings(run, _merge_pools(layers, run))


def read_file(path: Path) -> Layer:
    """Read a TOML file; raise UsageError if it cannot be read or is no TOML."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not TOML: {error}") from error
    pools = table.pop("pool", [])
    if not isinstance(pools, list) or not all(isinstance(pool, dict) for pool in pools):
        raise UsageError(f"{path}: pools are [[pool]] tables, with two brackets")
    return Layer(str(path), table, pools)


def environment(environ: Mapping[str, str]) -> Layer:
    """Return what STAMPMILL_* variables say; a misspelt one must not start a demo unnoticed."""
    said = {
        name.removeprefix(PREFIX).lower().replace("_", "-"): value
        for name, value in environ.items()
        if name.startswith(PREFIX) and name not in _OTHER_VARIABLES
    }
    pool_keys = _keys(PoolOptions)
    pool = {key: said.pop(key) for key in pool_keys if key in said}
    return Layer("environment", said, [pool] if pool else [])


def default_path(environ: Mapping[str, str]) -> Path | None:
    """Return the configuration file to read when no flag names one: STAMPMILL_CONFIG, or XDG's."""
    if named := environ.get("STAMPMILL_CONFIG"):
        return Path(named)
    home = Path(environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    path = home / "stampmill" / "config.toml"
    return path if path.is_file() else None


def _merge_pools(layers: Sequence[Layer], run: Options) -> tuple[PoolSettings, ...]:
    """Let the highest place with a URL say all pools; user and password alone amend its first.

    A URL never inherits the user or password that a lower place gave for another pool.
    """
    pools: list[dict[str, Any]] = []
    for layer in layers:
        said = [_checked(layer.place, pool, PoolOptions) for pool in layer.pools]
        if any("url" in pool for pool in said):
            pools = said
        elif said:
            pools = [(pools[0] if pools else {}) | said[0], *pools[1:]]
    return tuple(_pool(pool, run) for pool in pools)


def _pool(said: Mapping[str, Any], run: Options) -> PoolSettings:
    if "url" not in said:
        named = ", ".join(sorted(said))
        raise UsageError(f"pool settings ({named}) without a URL: add -o stratum+tcp://host:port")
    pool = msgspec.convert(said, PoolOptions)
    return PoolSettings(
        said["url"],
        pool.user or "",
        "x" if pool.password is None else pool.password,
        pool.suggest_difficulty,
        pool.minimum_difficulty,
        pool.version_bits == "difference",
        pool.extranonce_subscribe is True,
        pool.tls_pin or (),
        pool.tls_ca,
        pool.tls_insecure is True,
        _proxy(pool.pool_proxy or run.proxy),
        run.redirect or "same-host",
        pool.redirect_host or (),
        pool.rpc_cookie,
        pool.quota or 1,
    )


def _proxy(said: str | None) -> str | None:
    """Return a proxy's URL; the word `direct` excepts a pool from the proxy of the others."""
    return None if said in {None, "", "direct"} else said


def _settings(options: Options, pools: tuple[PoolSettings, ...]) -> MineSettings:
    return MineSettings(
        pools=pools,
        retry=RetryPolicy(options.retries, options.retry_pause or RetryPolicy().pause),
        backend=options.backend,
        kernel=options.kernel,
        devices=options.device or (),
        intensity=None if options.intensity is None else str(options.intensity),
        gpu=GpuSettings(
            options.gpu_polite != "off",
            options.gpu_temp_limit,
            options.gpu_power_limit,
            options.gpu_resume_delay,
        ),
        asic=_asic(options),
        threads=options.threads,
        pin_threads=options.cpu_affinity != "off",
        asicboost=options.asicboost is not False,
        time_limit=options.time_limit,
        block_every=options.block_every or MineSettings().block_every,
        timeouts=_timeouts(options),
        egress=options.egress or (),
        audit_log=Path(options.audit_log).expanduser() if options.audit_log else None,
        solo=SoloSettings(
            options.coinbase_addr, options.coinbase_sig or "", options.chain, options.block_dir
        ),
        group=GroupSettings(
            options.load_balance is True,
            options.first_job_timeout,
            options.stuck_timeout,
            options.max_rejects,
            options.stable_time,
        ),
        surfaces=_surfaces(options),
    )


def _surfaces(options: Options) -> SurfaceSettings:
    if options.axeos and options.http_listen is None:
        raise UsageError("axeos is spoken over HTTP: add --http-listen 127.0.0.1:8080")
    return SurfaceSettings(
        options.api_listen,
        options.api_allow,
        options.http_listen,
        options.http_token,
        options.axeos is True,
    )


def _asic(options: Options) -> AsicSettings:
    return AsicSettings(
        options.asic_board or "auto",
        options.asic_chip,
        options.asic_chips,
        options.asic_frequency,
        options.asic_voltage,
        options.asic_baud,
        options.asic_domain or 0,
        options.force is True,
    )


def _timeouts(options: Options) -> Timeouts:
    default = Timeouts()
    keep_alive = options.keep_alive or default.keep_alive
    return Timeouts(
        options.connect_timeout or default.connect,
        options.answer_timeout or default.answer,
        options.silence_timeout or default.silence,
        keep_alive,
        # As long as an idle line takes to be lost: a share under way should make it no longer.
        options.unacknowledged_timeout or 2 * keep_alive,
    )


def _checked(
    place: str, said: Mapping[str, Any], kind: type[Options] | type[PoolOptions]
) -> dict[str, Any]:
    """Convert each value by itself, so that an error can name it."""
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    checked = {}
    for key, value in said.items():
        if key not in fields:
            raise UsageError(f"{place}: unknown setting '{key}'{_suggestion(key)}")
        if isinstance(value, str) and Texts in get_args(fields[key].type):
            value = [text.strip() for text in value.split(",") if text.strip()]  # noqa: PLW2901
        try:
            checked[key] = msgspec.convert(value, fields[key].type, strict=not _is_text(value))
        except msgspec.ValidationError as error:
            shown = "" if key in _SECRETS else f" {value!r}"
            raise UsageError(f"{place}: {key}{shown}: {_expected(error, fields[key])}") from error
    return checked


def _keys(kind: type[msgspec.Struct]) -> tuple[str, ...]:
    return tuple(field.encode_name for field in msgspec.structs.fields(kind))


def _suggestion(key: str) -> str:
    known = sorted(_keys(Options) + _keys(PoolOptions))
    near = get_close_matches(key, known, n=1)
    return f"; did you mean '{near[0]}'?" if near else f"; known are {', '.join(known)}"


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _expected(error: msgspec.ValidationError, field: msgspec.structs.FieldInfo) -> str:
    for choice in get_args(field.type):
        if get_origin(choice) is Literal:
            return f"expected {' or '.join(get_args(choice))}"
    return str(error).replace("`", "").replace(" | null", "").lower()
