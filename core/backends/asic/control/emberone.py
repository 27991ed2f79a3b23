"""EmberOne00: 12 BM1362 behind an RP2040 bridge, as far as its bring-up is public.

mujina `board/emberone00.rs`, which is incomplete: neither a fan nor a way to set the core voltage
is known, so power is what the two enable pins give.
"""

from collections.abc import Sequence

from stampmill.core.backends.asic.control import sensors
from stampmill.core.backends.asic.control.gauges import Gauge, Kind, SensorFault
from stampmill.core.backends.asic.control.limits import Model
from stampmill.core.backends.asic.control.profile import Profile, Stage, reset_step
from stampmill.core.backends.asic.control.requests import GpioSet, LedSet
from stampmill.core.backends.asic.control.steps import Ask, Pause, read
from stampmill.core.backends.asic.control.thermal import ThermalLimits

POWER_PIN = 1
IO_POWER_PIN = 2
TMP1075_ADDRESS = 0x4A
"""Left of the chips."""
TMP451_ADDRESS = 0x49
"""Right of the chips."""

EMBERONE00 = Model("emberone00", 0x1362, 0.0, 0.0, 0.0, 525, 525)
"""No voltage: none can be set. 525 MHz is what the chip's other boards run at."""


def _pin(what: str, pin: int, *, high: bool) -> Ask:
    return Ask(f"{what} {'on' if high else 'off'}", GpioSet(pin, high), (bytes([high]),))


def _left(data: Sequence[bytes]) -> float | SensorFault:
    return sensors.tmp1075_temperature(data[0])


def _right(data: Sequence[bytes]) -> float | SensorFault:
    return sensors.tmp451_temperature(data[0][0], data[1][0], data[2][0])


_GAUGES = (
    Gauge(
        "left temperature",
        Kind.CHIP,
        (read(TMP1075_ADDRESS, sensors.TMP1075_TEMPERATURE, 2),),
        _left,
    ),
    Gauge(
        "right temperature",
        Kind.CHIP,
        (
            read(TMP451_ADDRESS, sensors.TMP451_REMOTE, 1),
            read(TMP451_ADDRESS, sensors.TMP451_REMOTE_FRACTION, 1),
            read(TMP451_ADDRESS, sensors.TMP451_STATUS, 1),
        ),
        _right,
    ),
)

EMBERONE = Profile(
    name="emberone",
    stages=(
        Stage("reset low", (reset_step(high=False),)),
        Stage(
            "power off",
            (
                _pin("core power", POWER_PIN, high=False),
                _pin("I/O power", IO_POWER_PIN, high=False),
            ),
        ),
        Stage("light", (Ask("status light", LedSet(0, 0, 32)),)),
        Stage("I/O power", (_pin("I/O power", IO_POWER_PIN, high=True), Pause(0.005))),
        Stage("core power", (_pin("core power", POWER_PIN, high=True), Pause(0.5)), heats=True),
    ),
    power_off=(
        _pin("core power", POWER_PIN, high=False),
        _pin("I/O power", IO_POWER_PIN, high=False),
    ),
    gauges=_GAUGES,
    thermal=ThermalLimits(),
    models=(EMBERONE00,),
)
