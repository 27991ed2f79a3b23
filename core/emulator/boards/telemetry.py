"""The second port of GekkoScience's A1: text commands of cgminer's driver; answers inferred."""

from stampmill.core.emulator.chips.chain import EmulatedChain
from stampmill.core.emulator.device import USB_RATE, Sent

_VERSION = b"V1.0\r\n"
_STEP_VOLTS = 0.005
_ENDS = b"\r\n"


class TelemetryPort:
    """A `Device`: `?v` tells the version, `BO` and `B-` switch the chips' regulator, `G.` measures.

    `Vx` sets its voltage to x steps of 5 mV and `Fx` the fan to x percent, x one byte.
    """

    baud = USB_RATE

    def __init__(self, chain: EmulatedChain) -> None:
        self.volts = 0.3
        self.fan_percent = 50
        self._chain = chain
        self._buffer = b""
        self._sent: list[Sent] = []

    def feed(self, data: bytes, now: float, baud: float) -> None:  # noqa: ARG002
        """Take commands of two bytes."""
        self._buffer += data
        while len(self._buffer) >= 2:
            if self._buffer[0] in _ENDS:
                self._buffer = self._buffer[1:]
                continue
            command, self._buffer = self._buffer[:2], self._buffer[2:]
            if answer := self._obey(command, now):
                self._sent.append(Sent(now, answer, self.baud))

    def advance(self, now: float) -> None:
        """Do nothing: it only answers."""

    def sent(self) -> list[Sent]:
        """Return the answers."""
        sent, self._sent = self._sent, []
        return sent

    def counters(self) -> dict[str, float]:
        """Return what it was told."""
        return {"volts": self.volts, "fan_percent": self.fan_percent}

    def _obey(self, command: bytes, now: float) -> bytes:
        match command[:1]:
            case b"?":
                return _VERSION
            case b"V":
                self.volts = round(command[1] * _STEP_VOLTS, 3)
            case b"F":
                self.fan_percent = command[1]
            case b"B":
                self._chain.set_awake(command[1:] == b"O", now)
            case b"G":
                return self._measured()
        return b""

    def _measured(self) -> bytes:
        """Seven bytes; which is which is not documented."""
        steps = round(self.volts / _STEP_VOLTS) & 0xFF
        return bytes((steps, 0, 45, self.fan_percent, 0, self._chain.awake, 0))
