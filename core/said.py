"""What one place may say of a run, by its long name; `core.config` puts the places together."""

from typing import Annotated, Literal

import msgspec

Texts = tuple[str, ...]

_Count = Annotated[int, msgspec.Meta(ge=1)]
_Above0 = Annotated[float, msgspec.Meta(gt=0)]
_Percent = Annotated[float, msgspec.Meta(gt=0, lt=100)]
_Seconds = _Above0
# What Linux takes for a keep-alive (tcp(7), MAX_TCP_KEEPIDLE): it has no smaller parts.
_WholeSeconds = Annotated[int, msgspec.Meta(ge=1, le=32767)]


class PoolOptions(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one place says of a pool; None: nothing."""

    url: str | None = None
    user: str | None = None
    password: str | None = msgspec.field(default=None, name="pass")
    suggest_difficulty: _Above0 | None = msgspec.field(default=None, name="suggest-difficulty")
    minimum_difficulty: _Above0 | None = msgspec.field(default=None, name="minimum-difficulty")
    version_bits: Literal["mask", "difference"] | None = msgspec.field(
        default=None, name="version-bits"
    )
    extranonce_subscribe: bool | None = msgspec.field(default=None, name="extranonce-subscribe")
    tls_pin: Texts | None = msgspec.field(default=None, name="tls-pin")
    tls_ca: str | None = msgspec.field(default=None, name="tls-ca")
    tls_insecure: bool | None = msgspec.field(default=None, name="tls-insecure")
    pool_proxy: str | None = msgspec.field(default=None, name="pool-proxy")
    redirect_host: Texts | None = msgspec.field(default=None, name="redirect-host")
    rpc_cookie: str | None = msgspec.field(default=None, name="rpc-cookie")
    quota: _Count | None = None
    coinbase_check_addr: str | None = msgspec.field(default=None, name="coinbase-check-addr")


class Options(msgspec.Struct, frozen=True, kw_only=True, rename="kebab"):
    """What a run may be told besides its pools; None: nothing was said."""

    algo: Literal["sha256d"] | None = None
    backend: str | None = None
    kernel: str | None = None
    device: Texts | None = None
    intensity: float | str | None = None
    gpu_polite: Literal["on", "off"] | None = None
    gpu_temp_limit: _Above0 | None = None
    gpu_power_limit: _Above0 | None = None
    gpu_resume_delay: _Seconds | None = None
    asic_board: (
        Literal["auto", "bare", "gekko", "icarus", "erupter", "bitaxe-hex", "bitaxe-turbo"] | None
    ) = None
    asic_chip: str | None = None
    asic_chips: _Count | None = None
    asic_frequency: _Above0 | None = None
    asic_voltage: _Above0 | None = None
    asic_baud: _Count | None = None
    asic_domain: _Count | None = None
    force: bool | None = None
    threads: Annotated[int, msgspec.Meta(ge=1, le=4096)] | None = None
    cpu_affinity: Literal["auto", "off"] | None = None
    cpu_priority: Literal["idle", "normal"] | None = None
    time_limit: _Seconds | None = None
    retries: Annotated[int, msgspec.Meta(ge=0)] | None = None
    retry_pause: _Seconds | None = None
    block_every: _Count | None = None
    proxy: str | None = None
    redirect: Literal["same-host", "never", "listed"] | None = None
    egress: Texts | None = None
    audit_log: str | None = None
    asicboost: bool | None = None
    load_balance: bool | None = None
    first_job_timeout: _Seconds | None = None
    stuck_timeout: _Seconds | None = None
    max_rejects: _Count | None = None
    stable_time: _Seconds | None = None
    connect_timeout: _Seconds | None = None
    answer_timeout: _Seconds | None = None
    silence_timeout: _Seconds | None = None
    keep_alive: _WholeSeconds | None = None
    unacknowledged_timeout: _WholeSeconds | None = None
    api_listen: str | None = None
    api_allow: str | None = None
    http_listen: str | None = None
    http_token: str | None = None
    axeos: bool | None = None
    alert_command: str | None = None
    alert_webhook: str | None = None
    alert_notify: Texts | None = None
    alert_rate: _Percent | None = None
    alert_rejects: _Percent | None = None
    alert_temp: _Above0 | None = None
    coinbase_addr: str | None = None
    coinbase_sig: str | None = None
    chain: Literal["main", "test", "testnet4", "signet", "regtest"] | None = None
    block_dir: str | None = None
    energy_meter: Literal["on", "off"] | None = None
    power: Texts | None = None
    price: float | None = None
    price_band: Texts | None = None
    price_file: str | None = None
    price_file_unit: Literal["kWh", "MWh"] | None = None
    currency: str | None = None
    time_zone: str | None = None
    mine_hours: Texts | None = None
    off_hours: Literal["pause", "throttle"] | None = None
    pause_above_price: float | None = None
    resume_below_price: float | None = None
    on_high_price: Literal["pause", "throttle"] | None = None
    on_unknown_price: Literal["run", "throttle", "pause"] | None = None
    temp_limit: _Above0 | None = None
    temp_resume: _Above0 | None = None
    on_heat: Literal["pause", "throttle"] | None = None
    on_battery: Literal["run", "throttle", "pause"] | None = None
    throttle_to: Annotated[int, msgspec.Meta(ge=10, le=90)] | None = None
