"""Typed settings of a run: a TOML file, the environment and flags, in rising precedence.

Every option has one long name, the same in all three places: `--time-limit 30`,
`STAMPMILL_TIME_LIMIT=30`, `time-limit = 30`. Pools are a list: `[[pool]]` tables in the file,
repeated groups of flags, one pool in the environment. Values that are lists are arrays in the
file, repeated flags, and parted by commas in the environment.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import msgspec

from stampmill.core.errors import UsageError
from stampmill.core.said import Options, PoolOptions, Texts
from stampmill.core.settings import (
    AlertSettings,
    AsicSettings,
    EnergySettings,
    GpuSettings,
    GroupSettings,
    MineSettings,
    PoolSettings,
    RetryPolicy,
    RuleSettings,
    SoloSettings,
    SurfaceSettings,
    Timeouts,
)

PREFIX = "STAMPMILL_"

# Read by other parts of stampmill, so no misspelt options: the file's path and the build switch.
_OTHER_VARIABLES = {"STAMPMILL_CONFIG", "STAMPMILL_NATIVE"}
_SECRETS = {"pass", "http-token", "alert-webhook", "alert-notify"}
"""Not shown in errors."""


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
    import tomllib  # noqa: PLC0415  most runs have flags alone

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
        pool.coinbase_check_addr,
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
        cpu_priority=options.cpu_priority or MineSettings().cpu_priority,
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
        alerts=_alerts(options),
        energy=_energy(options),
        rules=_rules(options),
    )


def _energy(options: Options) -> EnergySettings:
    return EnergySettings(
        options.energy_meter != "off",
        options.power or (),
        options.price,
        options.price_band or (),
        options.price_file,
        options.price_file_unit or "kWh",
        options.currency or "",
        options.time_zone,
    )


def _rules(options: Options) -> RuleSettings:
    default = RuleSettings()
    return RuleSettings(
        options.mine_hours or (),
        options.off_hours or default.off_hours,
        options.pause_above_price,
        options.resume_below_price,
        options.on_high_price or default.on_high_price,
        options.on_unknown_price or default.on_unknown_price,
        options.temp_limit,
        options.temp_resume,
        options.on_heat or default.on_heat,
        options.on_battery,
        options.throttle_to or default.throttle_to,
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


def _alerts(options: Options) -> AlertSettings:
    default = AlertSettings()
    return AlertSettings(
        options.alert_command,
        options.alert_webhook,
        options.alert_notify or (),
        options.alert_rate / 100 if options.alert_rate else default.rate,
        options.alert_rejects / 100 if options.alert_rejects else default.rejects,
        options.alert_temp,
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
