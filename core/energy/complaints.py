"""What a user should know of settings and meters that do not do what they were to, a line each."""

from collections.abc import Iterator

from stampmill.core.energy.gauges import Gauges, Wanted
from stampmill.core.energy.metering import Gathered, celsius_of
from stampmill.core.energy.plan import Plan
from stampmill.core.energy.power import names_of
from stampmill.core.energy.prices.spans import local_time
from stampmill.core.snapshot import DeviceSnapshot, Snapshot

_NAMED = 8
"""Devices that a line names; a rack has hundreds."""


def complaints(
    plan: Plan, shot: Snapshot, gathered: Gathered, gauges: Gauges, wanted: Wanted
) -> Iterator[str]:
    """Yield every line that holds now; the same trouble always has the same line."""
    yield from _about_power(plan, shot)
    if plan.is_asked_for:
        if wanted.packages and not gathered.packages:
            yield gauges.why_no_packages()
        for label, trouble in gauges.cards.troubles.items():
            yield f"the power of {label} is not known: {trouble}"
    if wanted.supply and gathered.on_battery is None:
        yield f"on-battery: {gauges.why_no_supply}; mining goes on as if on the line"
    if plan.limits.said.temp_limit is not None:
        yield from _about_heat(shot, gathered)
    yield from about_prices(plan, shot.time)


def about_prices(plan: Plan, unix: float) -> Iterator[str]:
    """Yield a line if the price file says nothing of a time since 1970."""
    tariff = plan.tariff
    if tariff.file is None or tariff.file.table.price(unix) is not None:
        return
    table = tariff.file.table

    def shown(moment: float) -> str:
        return f"{local_time(moment, tariff.zone):%Y-%m-%d %H:%M}"

    if unix >= table.over_at:
        why = f"its prices ended {shown(table.over_at)}"
    elif unix < table.starts[0]:
        why = f"its prices begin {shown(table.starts[0])}"
    else:
        why = f"no price until {shown(min(each for each in table.starts if each > unix))}"
    yield f"price-file {tariff.file.path}: {why}; {_instead(plan, unix)}"


def _instead(plan: Plan, unix: float) -> str:
    if plan.tariff.price(unix) is not None:
        return "the price said elsewhere is taken"
    if plan.limits.said.pause_above_price is None:
        return "costs are not counted"
    wanted = plan.limits.said.on_unknown_price
    return f"on-unknown-price says {wanted}, costs are not counted"


def _about_power(plan: Plan, shot: Snapshot) -> Iterator[str]:
    for said in plan.power:
        if not any(said.is_of(device) for device in shot.devices):
            yield f"power: there is no device '{said.name}'; there are {_names(shot.devices)}"


def _about_heat(shot: Snapshot, gathered: Gathered) -> Iterator[str]:
    silent = [each for each in shot.devices if celsius_of(each, gathered) is None]
    if silent:
        yield f"temp-limit: no temperature is known of {_names(tuple(silent))}"


def _names(devices: tuple[DeviceSnapshot, ...]) -> str:
    names = [names_of(device)[0] for device in devices]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
