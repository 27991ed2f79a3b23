"""The OpenCL devices of this machine, or one line that says why there is none."""

import pytest

from stampmill.core.backends.opencl import listing
from stampmill.core.backends.opencl.listing import DeviceInfo
from stampmill.core.errors import NoDeviceError


def usable() -> list[DeviceInfo]:
    try:
        return [info for info in listing.devices() if not info.why_not]
    except NoDeviceError:
        return []


def why_none() -> str:
    try:
        listing.devices()
    except NoDeviceError as error:
        return str(error)
    return ""


needs_a_device = pytest.mark.skipif(not usable(), reason=why_none() or "no usable device")
