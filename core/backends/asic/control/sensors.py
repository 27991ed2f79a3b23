"""TMP1075 and TMP451, thermometers: registers to numbers, from Texas Instruments' data sheets."""

from stampmill.core.backends.asic.control.gauges import SensorFault

TMP1075_TEMPERATURE = 0x00
TMP451_REMOTE = 0x01
TMP451_REMOTE_FRACTION = 0x10
TMP451_STATUS = 0x02

_TMP451_OPEN = 0x04


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
