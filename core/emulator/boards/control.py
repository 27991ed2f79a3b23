"""The second port of some boards: what power, fan and sensors are asked through."""

from stampmill.core.backends.asic.control.limits import BITAXES
from stampmill.core.emulator.chips.chain import EmulatedChain
from stampmill.core.emulator.chips.silicon import Conditions
from stampmill.core.emulator.device import USB_RATE, Sent
from stampmill.core.emulator.peripherals.board import EmulatedPower


class ControlPort:
    """A `Device`: bitaxe-raw's control packets. The chips hear only while they have power.

    `full_rate` is what the board hashes at its usual clock.
    """

    baud = USB_RATE

    def __init__(self, power: EmulatedPower, chain: EmulatedChain, full_rate: float) -> None:
        self.power = power
        self._chain = chain
        self._full_rate = full_rate
        self._sent: list[Sent] = []
        chain.awake = power.chips_awake

    def feed(self, data: bytes, now: float, baud: float) -> None:  # noqa: ARG002
        """Take a packet, whatever rate the port is said to have."""
        answer = self.power.feed(data, now)
        self._chain.set_awake(self.power.chips_awake, now)
        if answer:
            self._sent.append(Sent(now, answer, USB_RATE))

    def advance(self, now: float) -> None:
        """Let it get warm."""
        chips = self._chain.chips
        rate = sum(chip.rate for chip in chips) if self._chain.job and self._chain.awake else 0.0
        volts = _part_of_usual(self.power.volts, self._chain.chip.id)
        self.power.set_load(rate / self._full_rate, now, volts)
        self._chain.conditions = Conditions(volts, self.power.heat.celsius)
        self._chain.set_awake(self.power.chips_awake, now)

    def sent(self) -> list[Sent]:
        """Return the answers."""
        sent, self._sent = self._sent, []
        return sent

    def counters(self) -> dict[str, float]:
        """Return what is measured."""
        power = self.power
        return {
            "celsius": round(power.heat.celsius, 1),
            "volts": round(power.volts, 3),
            "fan_percent": round(power.fan_percent),
            "requests": power.requests,
            "violations": len(power.violations),
        }


def _part_of_usual(volts: float, chip_id: int) -> float:
    """Return a voltage as a part of what is usual for the board; 1 where it cannot be set."""
    for model in BITAXES:
        if model.chip_id == chip_id and model.min_volts <= volts <= model.max_volts:
            return volts / model.default_volts
    return 1.0
