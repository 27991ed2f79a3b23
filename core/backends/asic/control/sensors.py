"""Thermometers and fan controllers of other boards: registers to numbers.

EMC2103 from ESP-Miner `main/thermal/`; TMP1075 and TMP451 from their Texas Instruments data sheets.
"""

from stampmill.core.backends.asic.control.gauges import SensorFault

EMC2103_ADDRESS = 0x2E
EMC2103_TEMPERATURES = (0x02, 0x04)
"""High bytes of the two sensors; the low byte follows each."""
EMC2103_FAN = 0x40
EMC2103_TACH = 0x4E

TMP1075_TEMPERATURE = 0x00
TMP451_REMOTE = 0x01
TMP451_REMOTE_FRACTION = 0x10
TMP451_STATUS = 0x02

_EMC2103_FAULT = 0x8000
_EMC2103_TACH = 7_864_320
_EMC2103_STOPPED = 0x1FFF
_TMP451_OPEN = 0x04


def emc2103_temperature(high: int, low: int) -> float | SensorFault:
    """Return degC: a signed byte and eighths in the top three bits of the other."""
    word = high << 8 | low
    if word == _EMC2103_FAULT:
        return SensorFault.OPEN_DIODE
    if low & 0x1F:
        return SensorFault.IMPOSSIBLE
    return (word - 0x10000 if word >= 0x8000 else word) / 256


def emc2103_duty(percent: float) -> int:
    """Return the fan register for a part of full speed."""
    if not 0 <= percent <= 100:
        raise ValueError(f"a fan runs at 0 to 100 %, not {percent}")
    return int(255 * percent // 100)


def emc2103_rpm(high: int, low: int) -> int:
    """Return turns per minute, 0 for a fan that stands still: 13 bits, left-aligned."""
    count = (high << 8 | low) >> 3
    return 0 if count in {0, _EMC2103_STOPPED} else _EMC2103_TACH // count


def tmp1075_temperature(word: bytes) -> float | SensorFault:
    """Return degC: 12 bits, two's complement, sixteenths, left-aligned, high byte first."""
    if len(word) != 2 or word[1] & 0x0F:
        return SensorFault.IMPOSSIBLE
    return int.from_bytes(word, "big", signed=True) / 256


def tmp451_temperature(whole: int, fraction: int, status: int) -> float | SensorFault:
    """Return degC of the remote diode in the standard range: sixteenths in the top four bits."""
    if status & _TMP451_OPEN:
        return SensorFault.OPEN_DIODE
    if fraction & 0x0F:
        return SensorFault.IMPOSSIBLE
    return whole + fraction / 256
