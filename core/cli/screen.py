"""What a terminal shows of a snapshot, at whatever width it has: made of rich's renderables."""

from collections.abc import Iterable, Iterator, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from stampmill.core.cli import report
from stampmill.core.cli.energy_lines import energy_line, rules_line
from stampmill.core.job_source import SourceStatus
from stampmill.core.snapshot import (
    DeviceSnapshot,
    PoolStanding,
    Quantity,
    Rates,
    Sensor,
    Snapshot,
)

_ALERTS_SHOWN = 4
_POOLS_SHOWN = 8
_SENSORS_SHOWN = 8
_LABEL = 14
"""Columns that a label may take."""
_NARROW = 66
"""Columns below which rates over a minute and a quarter of an hour have no room."""


def screen(
    shot: Snapshot, width: int, lasting: Sequence[str], latest: Iterable[str]
) -> RenderableType:
    """Return the whole picture: what lasts, what is wrong, devices, figures, the latest events."""
    return Group(
        Text("\n".join(lasting), style="bold yellow", end="\n" * bool(lasting)),
        _alerts(shot),
        _devices(shot, narrow=width < _NARROW),
        _facts(shot),
        Text("\n".join(latest), style="dim", overflow="ellipsis", no_wrap=True),
    )


def _alerts(shot: Snapshot) -> Text:
    """Return a line for each alert that stands, of many only so many."""
    lines = [f"ALERT {one.kind.value}, {one.subject}: {one.text}" for one in shot.alerts]
    if len(lines) > _ALERTS_SHOWN:
        more = len(lines) - _ALERTS_SHOWN + 1
        lines = [*lines[: _ALERTS_SHOWN - 1], f"ALERT and {more} more"]
    return Text("\n".join(lines), style="bold red", overflow="ellipsis", no_wrap=True,
                end="\n" * bool(lines))  # fmt: skip


def _devices(shot: Snapshot, *, narrow: bool) -> Table:
    """Return the rates of each device; those that rest share a line."""
    table = Table(title=_title(shot.source), title_justify="left")
    table.add_column("device", no_wrap=True, overflow="ellipsis")
    for window in ("5 s", "average") if narrow else ("5 s", "1 min", "15 min", "average"):
        table.add_column(window, justify="right", no_wrap=True, overflow="ellipsis")
    resting = [device for device in shot.devices if _is_off(device)]
    for device in shot.devices:
        if device not in resting or len(resting) == 1:
            name = f"{device.backend} {device.name}{' off' * (device in resting)}"
            table.add_row(name, *_rates(device.rates, narrow=narrow))
    if len(resting) > 1:
        table.add_row(f"{len(resting)} devices off")
    table.add_section()
    table.add_row("total", *_rates(shot.rates, narrow=narrow), style="bold")
    return table


def _is_off(device: DeviceSnapshot) -> bool:
    return not device.enabled and not device.rates.seconds_5


def _title(source: SourceStatus) -> str:
    if not source.url:
        return source.name
    user = f" as {source.user}" if source.user else ""
    return f"{source.url}{user}: {source.state.value}"


def _rates(rates: Rates, *, narrow: bool) -> tuple[str, ...]:
    between = () if narrow else (rates.minute_1, rates.minutes_15)
    values = (rates.seconds_5, *between, rates.average)
    return tuple(report.hashrate(value) for value in values)


def _facts(shot: Snapshot) -> Table:
    rows = _rows(shot)
    table = Table.grid(padding=(0, 2))
    longest = max(len(label) for label, _ in rows)
    # Else both columns would shrink alike where there is little room.
    table.add_column(no_wrap=True, min_width=min(longest, _LABEL), max_width=_LABEL)
    table.add_column(no_wrap=True, overflow="ellipsis")
    for label, value in rows:
        table.add_row(Text(label, style="cyan"), Text(value))
    return table


def _rows(shot: Snapshot) -> list[tuple[str, str]]:
    expected = shot.expected_share_seconds
    job = shot.job_id if shot.job_id is not None else "none"
    job += f", paused by {shot.paused}" if shot.paused else ""
    difficulty = report.difficulty(shot.job_difficulty) if shot.job_difficulty else "-"
    more = [("energy", energy_line(shot)), ("rules", rules_line(shot))]
    return [
        *_pool_rows(shot),
        ("job", f"{job}  difficulty {difficulty}  kernel {shot.kernel}"),
        ("next share", f"about {report.duration(expected)}" if expected else "-"),
        ("shares", f"{shot.accepted} accepted  {shot.rejected} rejected  {shot.stale} stale  "
                   f"{shot.lost} lost  {shot.hardware_errors} hardware errors"),
        ("best share", report.difficulty(shot.best_difficulty)),
        ("latency", f"pool {report.milliseconds(shot.pool_answer)}  "
                    f"job switch {report.milliseconds(shot.job_switch)}"),
        *_cut([*_sensor_rows(shot)], _SENSORS_SHOWN),
        *((label, line) for label, line in more if line),
    ]  # fmt: skip


def _pool_rows(shot: Snapshot) -> list[tuple[str, str]]:
    """Return a line for each pool where there are several, the most wanted first."""
    if len(shot.pools) < 2:  # the one is in the title
        return []
    ranked = sorted(shot.pools, key=lambda pool: pool.status.rank)
    return _cut([(f"pool {pool.status.number}", _pool(pool)) for pool in ranked], _POOLS_SHOWN)


def _pool(pool: PoolStanding) -> str:
    status, shares = pool.status, pool.shares
    state = status.state.value if status.enabled else "disabled"
    parts = [
        f"{state}{', mined on' * pool.active}",
        f"{shares.accepted} accepted",
        *([f"{shares.rejected} rejected"] if shares.rejected else []),
        *([f"quota {status.quota}"] if status.quota != 1 else []),
    ]
    # The address last: it is what may be cut off.
    return f"{'  '.join(parts)}  {status.url}"


def _sensor_rows(shot: Snapshot) -> Iterator[tuple[str, str]]:
    """Return a line for each device of which more is known than its rate."""
    watts = {power.device: power.watts for power in shot.energy.devices} if shot.energy else {}
    for device in shot.devices:
        parts = [_reading(sensor) for sensor in device.sensors]
        metered = any(sensor.quantity is Quantity.POWER for sensor in device.sensors)
        if device.name in watts and not metered:
            parts.append(f"{watts[device.name]:.1f} W")
        if parts:
            yield device.name, "  ".join(parts)
    names = {device.name for device in shot.devices}
    together = [(name, f"{value:.1f} W") for name, value in watts.items() if name not in names]
    yield from together if len(watts) > 1 else ()


def _reading(sensor: Sensor) -> str:
    value = sensor.value
    match sensor.quantity:
        case Quantity.TEMPERATURE:
            return f"{sensor.place} {value:.0f} C"
        case Quantity.FAN:
            return f"{sensor.place} {value:.0f} rpm"
        case Quantity.VOLTAGE:
            return f"{sensor.place} {value:.2f} V"
        case Quantity.FREQUENCY:
            return f"{value / 1e6:.0f} MHz"
        case Quantity.POWER:
            return f"{value:.1f} W"


def _cut(rows: list[tuple[str, str]], most: int) -> list[tuple[str, str]]:
    if len(rows) <= most:
        return rows
    return [*rows[: most - 1], ("", f"and {len(rows) - most + 1} more")]
