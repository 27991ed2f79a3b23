"""What is particular to a board behind a control port, as data: steps, gauges, limits."""

from collections.abc import Callable
from dataclasses import dataclass

from stampmill.core.backends.asic.control.gauges import Gauge
from stampmill.core.backends.asic.control.limits import Model
from stampmill.core.backends.asic.control.replies import Variant
from stampmill.core.backends.asic.control.requests import GpioSet
from stampmill.core.backends.asic.control.steps import Ask, Step
from stampmill.core.backends.asic.control.thermal import ThermalLimits

RESET_PIN = 0
"""GPIO of the chips' reset line, active low, on every board here."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A named part of the bring-up."""

    name: str
    steps: tuple[Step, ...]
    heats: bool = False
    """From here on there is core voltage: not before the board is cool enough."""


@dataclass(frozen=True, slots=True)
class Profile:
    """A kind of board. Every list leaves the board safe if it ends early and `cold` follows."""

    name: str
    stages: tuple[Stage, ...]
    """From plugged in to powered, reset low throughout."""
    power_off: tuple[Ask, ...]
    """What takes the core voltage away, after reset is low."""
    gauges: tuple[Gauge, ...]
    thermal: ThermalLimits
    models: tuple[Model, ...]
    variant: Variant | None = None
    """None: ask the firmware which it speaks."""
    fans: Callable[[float], tuple[Ask, ...]] | None = None
    """Sets the speed of all fans, in percent; None: the board has none that we can turn."""
    voltage: Callable[[float], tuple[Step, ...]] | None = None
    """None: the core voltage is fixed."""
    start_volts: float = 0.0
    idle_fan_percent: float = 25.0
    """Of a board that was stopped in order."""

    def cold(self, fan_percent: float) -> tuple[Ask, ...]:
        """Return how to make the board cold: reset low first.

        The fan goes up before the voltage is taken away, and down after it.
        """
        fan = () if self.fans is None else self.fans(fan_percent)
        rest = (*fan, *self.power_off) if fan_percent >= 100 else (*self.power_off, *fan)
        return (reset_step(high=False), *rest)

    def model(self, chip_id: int) -> Model | None:
        """Return the board that has this chip, None for none."""
        return next((model for model in self.models if model.chip_id == chip_id), None)


def reset_step(*, high: bool) -> Ask:
    """Hold the chips in reset (low), or let them go."""
    return Ask(f"reset {'high' if high else 'low'}", GpioSet(RESET_PIN, high), (bytes([high]),))
