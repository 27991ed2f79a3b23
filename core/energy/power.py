"""What a device draws by the word of its owner: `cpu=65`, `asic:/dev/ttyACM0=18/2`."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from stampmill.core.errors import UsageError
from stampmill.core.snapshot import DeviceSnapshot


@dataclass(frozen=True, slots=True)
class Configured:
    """Watts of a device, or of all devices of a backend together: at work and at rest."""

    name: str
    watts: float
    rest: float = 0.0

    def is_of(self, device: DeviceSnapshot) -> bool:
        """Tell whether this is, or holds, the device."""
        return self.name in {device.backend, *names_of(device)}


def names_of(device: DeviceSnapshot) -> tuple[str, str]:
    """Return what a device is called: by itself, and with its backend as `--device` has it."""
    return device.name, f"{device.backend}:{device.name}"


def parse_power(texts: Iterable[str]) -> tuple[Configured, ...]:
    """Return what texts mean; raise UsageError naming the one at fault."""
    parsed = tuple(map(_parse, texts))
    names = [each.name for each in parsed]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"power: '{name}' is said {names.count(name)} times: say it once")
    return parsed


def _parse(text: str) -> Configured:
    name, equals, said = text.strip().rpartition("=")
    try:
        watts = [float(part) for part in said.split("/")] if equals else []
    except ValueError:
        watts = []
    if not name or len(watts) not in {1, 2}:
        raise UsageError(f"power '{text}': write DEVICE=WATTS as cpu=65, or cpu=65/8 (at rest)")
    if not all(math.isfinite(each) and each >= 0 for each in watts):
        raise UsageError(f"power '{text}': watts are from 0 on")
    return Configured(name, *watts)
