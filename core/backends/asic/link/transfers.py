"""A USB control transfer as data: what a device is told beside the bytes of its ports."""

import struct
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ControlTransfer:
    """The fields of a request to a device (USB 2.0, 9.3), and what goes out behind them."""

    request_type: int
    request: int
    value: int
    index: int
    data: bytes = b""

    @property
    def setup(self) -> bytes:
        """The eight bytes of the setup packet, low bytes first."""
        return struct.pack(
            "<BBHHH", self.request_type, self.request, self.value, self.index, len(self.data)
        )
