"""How a device is worked with: as it was tuned, or else what is sensible for its kind."""

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256

import msgspec

from stampmill.core import tuning
from stampmill.core.backends.opencl.listing import DeviceInfo
from stampmill.core.backends.opencl.shapes import shapes_of
from stampmill.kernels.opencl.code import Shape, source

LAUNCH_SECONDS = 0.05
"""A launch without tuning: new work waits for two of these at the most."""

_log = logging.getLogger("stampmill.opencl")


@dataclass(frozen=True, slots=True)
class Plan:
    """A shape for each number of versions that share a schedule, and how long a launch takes."""

    shapes: Mapping[int, Shape]
    seconds: float = LAUNCH_SECONDS


def plan_of(info: DeviceInfo, environ: Mapping[str, str] = os.environ) -> Plan:
    """Return what `stampmill bench tune` remembered of a device, or the usual."""
    tuned = tuning.entry(tuning_key(info), environ)
    if tuned is None:
        return Plan(shapes_of(info))
    try:
        shapes = {each.versions: each for each in msgspec.convert(tuned.shapes, tuple[Shape, ...])}
    except msgspec.ValidationError as error:
        _log.warning("tuning ignored: device=%s reason=%s", info.label, error)
        return Plan(shapes_of(info))
    seconds = (tuned.launch_milliseconds or 0.0) / 1000 or LAUNCH_SECONDS
    return Plan(shapes or shapes_of(info), seconds)


def tuning_key(info: DeviceInfo) -> tuning.Device:
    """Return the name in the file: twins share one, and another kernel or driver has none."""
    return tuning.Device(f"opencl {info.platform}: {info.name}", info.driver, _build())


@cache
def _build() -> str:
    # Two versions, together and one by one, have every part of the generator in them.
    text = source(Shape(2, 2)) + source(Shape(2, 2, one_by_one=True))
    return sha256(text.encode()).hexdigest()[:16]
