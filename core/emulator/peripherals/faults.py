"""What can be wrong with an emulated board's power, cooling and control port."""

from enum import Enum


class PowerFault(Enum):
    """One thing that is wrong, by the name that the command line uses."""

    NAK = "i2c-nak"
    """No device on the bus acknowledges."""
    TIMEOUT = "i2c-timeout"
    """The firmware answers nothing at all to I2C requests."""
    ZERO_DATA = "i2c-zero"
    """Every byte that is read is zero."""
    HOT_SENSOR = "hot-sensor"
    """The thermometer shows 95 degC."""
    OPEN_DIODE = "open-diode"
    SHORTED_DIODE = "shorted-diode"
    ZERO_TEMPERATURE = "zero-temperature"
    NEGATIVE_TEMPERATURE = "negative-temperature"
    STUCK_FAN = "stuck-fan"
    OVER_CURRENT = "over-current"
    UNDER_VOLTAGE = "under-voltage"
    """The input voltage falls below the regulator's limit, once it is on."""
    NO_SUPPLY = "no-supply"
    """Only USB is plugged in."""
    LOST_REPLY = "lost-reply"
    """One reply in eight does not come."""
    WRONG_FAN_CHIP = "wrong-fan-chip"
    WRONG_REGULATOR = "wrong-regulator"
