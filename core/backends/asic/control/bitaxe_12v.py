"""Bitaxe boards at 12 V: Hex 302/303 and SupraHex 701/702, and GammaTurbo 801.

ESP-Miner `main/power/vcore.c`, `main/thermal/` and `main/device_config.h`. No driver of theirs over
bitaxe-raw is known: the order of the bring-up is the Gamma's. Their USB texts do not tell them from
other Bitaxe boards, so a user has to say which it is; a wrong word ends at the fan controller's
identity, before anything has power.
"""

from collections.abc import Sequence

from stampmill.core.backends.asic.control import emc2103, emc2302, limits, sensors, tps546
from stampmill.core.backends.asic.control.bitaxe import REGULATOR_GAUGES, stages, voltage_steps
from stampmill.core.backends.asic.control.gauges import Gauge, Kind, SensorFault
from stampmill.core.backends.asic.control.profile import Profile
from stampmill.core.backends.asic.control.steps import Ask, Step, read
from stampmill.core.backends.asic.control.thermal import ThermalLimits

DOMAINS = 3
"""Of a Hex, in series behind one regulator, two chips each."""

TMP1075_ADDRESSES = (0x4A, 0x4B)
HEX_OFFSET = 10.0
"""Degrees that a chip is hotter than the thermometer beside it."""


def _beside(data: Sequence[bytes]) -> float | SensorFault:
    shown = sensors.tmp1075_temperature(data[0])
    return shown if isinstance(shown, SensorFault) else shown + HEX_OFFSET


def _diode(data: Sequence[bytes]) -> float | SensorFault:
    return emc2103.temperature(data[0][0], data[0][1])


def _hex_rpm(data: Sequence[bytes]) -> float:
    return emc2302.rpm(data[0][0], data[0][1])


def _turbo_rpm(data: Sequence[bytes]) -> float:
    return emc2103.rpm(data[0][0], data[0][1])


def _hex_voltage(volts: float) -> tuple[Step, ...]:
    return voltage_steps(volts * DOMAINS)


def _hex_fans(percent: float) -> tuple[Ask, ...]:
    return emc2302.fan_steps(percent)


def _turbo_fan(percent: float) -> tuple[Ask, ...]:
    return (emc2103.fan_step(percent),)


BITAXE_HEX = Profile(
    name="bitaxe-hex",
    stages=stages(emc2302.setup_steps(), tps546.HEX, limits.HEX_START_VOLTS * DOMAINS),
    power_off=(tps546.off_step(),),
    gauges=(
        *(
            Gauge(
                f"chip temperature {number + 1}",
                Kind.CHIP,
                (read(address, sensors.TMP1075_TEMPERATURE, 2),),
                _beside,
            )
            for number, address in enumerate(TMP1075_ADDRESSES)
        ),
        *(
            Gauge(
                f"fan {fan + 1}",
                Kind.FAN,
                (read(emc2302.ADDRESS, emc2302.of_fan(emc2302.Register.TACH, fan), 2),),
                _hex_rpm,
            )
            for fan in emc2302.FANS
        ),
        *REGULATOR_GAUGES,
    ),
    thermal=ThermalLimits(),
    models=(limits.BITAXE_HEX, limits.BITAXE_SUPRA_HEX),
    fans=_hex_fans,
    voltage=_hex_voltage,
    start_volts=limits.HEX_START_VOLTS,
)

BITAXE_TURBO = Profile(
    name="bitaxe-turbo",
    stages=stages(emc2103.setup_steps(), tps546.TURBO, limits.BITAXE_START_VOLTS),
    power_off=(tps546.off_step(),),
    gauges=(
        *(
            Gauge(
                f"chip temperature {number + 1}",
                Kind.CHIP,
                (read(emc2103.ADDRESS, register, 2),),
                _diode,
            )
            for number, register in enumerate(
                (emc2103.Register.FIRST_DIODE, emc2103.Register.SECOND_DIODE)
            )
        ),
        Gauge("fan", Kind.FAN, (read(emc2103.ADDRESS, emc2103.Register.TACH, 2),), _turbo_rpm),
        *REGULATOR_GAUGES,
    ),
    thermal=ThermalLimits(),
    models=(limits.BITAXE_TURBO,),
    fans=_turbo_fan,
    voltage=voltage_steps,
    start_volts=limits.BITAXE_START_VOLTS,
)
