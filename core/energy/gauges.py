"""Asks what meters of this machine a run needs, all at once; it may block, so not on the loop."""

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from stampmill.core.energy.metering import CPU_BACKENDS, Gathered
from stampmill.core.energy.meters import heat, rapl, supply
from stampmill.core.energy.meters.cards import Cards
from stampmill.core.energy.plan import Plan
from stampmill.core.energy.power import Configured
from stampmill.core.snapshot import DeviceSnapshot

OPENCL = "opencl"


@dataclass(frozen=True, slots=True)
class Folders:
    """Where Linux shows its meters."""

    powercap: Path = rapl.POWERCAP
    supplies: Path = supply.SUPPLIES
    hwmon: Path = heat.HWMON
    thermal: Path = heat.THERMAL


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be asked: nothing costs anything that nobody needs."""

    packages: bool = False
    cards: frozenset[str] = frozenset()
    cpu_heat: bool = False
    supply: bool = False

    def __bool__(self) -> bool:
        return bool(self.packages or self.cards or self.cpu_heat or self.supply)


def wanted_by(plan: Plan, devices: Collection[DeviceSnapshot]) -> Wanted:
    """Return what is needed for these devices."""
    said = plan.limits.said
    cards = frozenset(device.name for device in devices if device.backend == OPENCL)
    hot = said.temp_limit is not None
    cpus = [device for device in devices if device.backend in CPU_BACKENDS or device.name in cards]
    return Wanted(
        plan.metered and any(not _is_said(device, plan.power) for device in cpus),
        cards if plan.metered or hot else frozenset(),
        hot and bool(cpus),
        said.on_battery is not None,
    )


def _is_said(device: DeviceSnapshot, power: Collection[Configured]) -> bool:
    return any(each.is_of(device) for each in power)


@dataclass(slots=True)
class Gauges:
    """The meters, and why some of them say nothing. Read from one thread at a time."""

    folders: Folders = Folders()
    cards: Cards = field(default_factory=Cards)
    why_no_supply: str = ""

    def read(self, wanted: Wanted) -> Gathered:
        """Return what they say now."""
        folders = self.folders
        power = supply.read(folders.supplies) if wanted.supply else supply.Supply(None)
        self.why_no_supply = power.why_not
        return Gathered(
            rapl.read(folders.powercap) if wanted.packages else {},
            self.cards.read(wanted.cards) if wanted.cards else {},
            frozenset(label for label in wanted.cards if self.cards.on_cpu(label)),
            heat.read(folders.hwmon, folders.thermal) if wanted.cpu_heat else None,
            power.on_battery,
        )

    def why_no_packages(self) -> str:
        """Return why the CPU's power cannot be read, with the cure."""
        return rapl.why_not(self.folders.powercap)
