"""An emulated board's control port: bytes in, bytes out, with what stands behind it.

Pinned by mujina `board/bitaxe.rs` and `peripheral/*`; the heat is ours. What a host must never do
is written down in `violations`, for tests and for people who develop a driver.
"""

import random
from collections.abc import Callable, Iterable, Mapping

from stampmill.core.backends.asic.control.emberone import IO_POWER_PIN, POWER_PIN
from stampmill.core.backends.asic.control.profile import RESET_PIN
from stampmill.core.backends.asic.control.replies import (
    Code,
    Failure,
    Reply,
    Variant,
    encode_reply,
)
from stampmill.core.backends.asic.control.requests import (
    PARTIAL_SECONDS,
    AdcChannel,
    AdcRead,
    GpioGet,
    GpioSet,
    I2cFrequency,
    I2cRead,
    I2cWrite,
    I2cWriteRead,
    LedSet,
    Packet,
    Request,
    RequestReader,
    Unparsable,
)
from stampmill.core.emulator.peripherals.faults import PowerFault
from stampmill.core.emulator.peripherals.heat import Heat
from stampmill.core.emulator.peripherals.power import (
    BitaxePower,
    EmberOnePower,
    HexPower,
    Power,
    TurboPower,
)

DIODE_NONSENSE_SECONDS = 0.3
NONSENSE_CELSIUS = 111.0
HOT_CELSIUS = 95.0

_IDLE_WATTS, _AWAKE_WATTS, _FULL_WATTS = 1.0, 10.0, 19.0
"""Powered with reset low; reset high without work (ESP-Miner issue 564); at full rate (Gamma)."""

POWERS: Mapping[str, Callable[[], Power]] = {
    "bitaxe": BitaxePower,
    "bitaxe-hex": HexPower,
    "bitaxe-turbo": TurboPower,
    "emberone": EmberOnePower,
}
"""By what `kind` names."""

_I2C = (I2cRead, I2cWrite, I2cWriteRead, I2cFrequency)


class EmulatedPower:
    """Power, cooling and control port of one board. Times are monotonic seconds.

    `kind` is one of POWERS. Feed it what the host writes, and call `tick` now and then.
    """

    def __init__(
        self,
        now: float,
        *,
        kind: str = "bitaxe",
        variant: Variant | None = None,
        faults: Iterable[PowerFault] = (),
        seed: int = 1,
    ) -> None:
        self.faults = set(faults)
        self.power: Power = POWERS[kind]()
        self.variant = variant or self.power.variant
        self.heat = Heat(now)
        self.light = (0, 0, 0)
        self.violations: list[str] = []
        self.requests = 0
        self._pins = {RESET_PIN: False, POWER_PIN: False, IO_POWER_PIN: False}
        self._reader = RequestReader()
        self._random = random.Random(seed)  # noqa: S311  a test repeats itself
        self._last_byte = self._released = now
        self._load, self._volts = 0.0, 1.0
        self.tick(now)

    @property
    def reset_high(self) -> bool:
        """Tell whether the chips are let go."""
        return self._pins[RESET_PIN]

    @property
    def volts(self) -> float:
        """What the chips get."""
        return self.power.volts(self._pins)

    @property
    def chips_awake(self) -> bool:
        """Tell whether the chips can hear and answer: voltage in range, reset high."""
        low, high = self.power.range
        return self.reset_high and low <= self.volts <= high

    @property
    def fan_percent(self) -> float:
        """How fast the fan is told to turn, 100 on a board whose fan is not ours."""
        return self.power.fan_percent

    @property
    def is_cold(self) -> bool:
        """Tell whether nothing on it can get hot: reset low, no core voltage."""
        return not self.reset_high and self.volts == 0.0

    def set_load(self, load: float, now: float, volts: float = 1.0) -> None:
        """Say how much of its usual rate the board hashes at: it heats accordingly.

        `volts` is its core voltage as a part of the usual one.
        """
        self.tick(now)
        self._load, self._volts = load, volts

    def tick(self, now: float) -> None:
        """Let time pass: heat, faults, and what stayed partial on the line."""
        if self._reader.partial and now - self._last_byte > PARTIAL_SECONDS:
            self._reader.expired()
        self.heat.advance(now)
        self.heat.fan_percent = 0.0 if PowerFault.STUCK_FAN in self.faults else self.fan_percent
        self.heat.watts = self._watts()
        self.power.show(self._shown_celsius(now), self.heat.watts, self.faults)

    def feed(self, data: bytes, now: float) -> bytes:
        """Take what the host wrote, and return what the firmware answers."""
        self.tick(now)
        self._last_byte = now
        answers = [self._answer(packet, now) for packet in self._reader.feed(data)]
        self.tick(now)
        return b"".join(answers)

    def reboot(self) -> None:
        """Start the firmware anew: it holds reset low, and leaves the regulator alone."""
        self._reader = RequestReader()
        self._pins[RESET_PIN] = False

    def _answer(self, packet: Packet | Unparsable, now: float) -> bytes:
        self.requests += 1
        if isinstance(packet, Unparsable):
            return encode_reply(self.variant, Failure(0xFF, Code.INVALID_COMMAND))
        if self._swallowed(packet.request):
            return b""
        before = (self.volts, self.fan_percent)
        data = self._perform(packet.request, now)
        self._watch(*before)
        if isinstance(data, Code):
            return encode_reply(self.variant, Failure(packet.id, data))
        return encode_reply(self.variant, Reply(packet.id, data))

    def _swallowed(self, request: Request) -> bool:
        if PowerFault.TIMEOUT in self.faults and isinstance(request, _I2C):
            return True
        return PowerFault.LOST_REPLY in self.faults and self._random.random() < 1 / 8

    def _perform(self, request: Request, now: float) -> bytes | Code:
        match request:
            case I2cRead() | I2cWrite() | I2cWriteRead():
                return self._i2c(request)
            case I2cFrequency():
                return b""
            case GpioSet() | GpioGet():
                return self._pin(request, now)
            case AdcRead(channel):
                volts = self.power.vin if channel is AdcChannel.VIN else self.volts
                return round(volts * 1000).to_bytes(2, "little")
            case LedSet(red, green, blue):
                self.light = (red, green, blue)
                return bytes(self.light)
        return Code.INVALID_COMMAND

    def _pin(self, request: GpioSet | GpioGet, now: float) -> bytes | Code:
        if request.pin not in self._pins:
            return Code.INVALID_COMMAND
        if isinstance(request, GpioSet):
            if request.pin == RESET_PIN and request.high and not self.reset_high:
                self._released = now
            self._pins[request.pin] = request.high
        return bytes([self._pins[request.pin]])

    def _i2c(self, request: I2cRead | I2cWrite | I2cWriteRead) -> bytes | Code:
        device = self.power.bus.get(request.address)
        if device is None or PowerFault.NAK in self.faults:
            return Code.TIMEOUT
        if not isinstance(request, I2cRead):
            device.write(request.data)
        if isinstance(request, I2cWrite):
            return b"" if self.variant is Variant.V1 else bytes([len(request.data)])
        data = device.read(request.count)
        return bytes(len(data)) if PowerFault.ZERO_DATA in self.faults else data

    def _watch(self, volts: float, fan_percent: float) -> None:
        """Write down what must never happen, seen from before and after a request."""
        low, high = self.power.range
        if self.volts and not low <= self.volts <= high:
            self.violations.append(f"core voltage {self.volts:.2f} V outside {low} to {high} V")
        if self.volts != volts and self.reset_high:
            self.violations.append("core voltage changed while reset was high")
        if self.volts and not volts and min(fan_percent, self.fan_percent) < 100:
            self.violations.append(f"core voltage on with the fan at {fan_percent:.0f} %")

    def _watts(self) -> float:
        if not self.volts:
            return 0.0
        if not self.chips_awake:
            return _IDLE_WATTS
        # What switches, and most of what leaks, goes with the square of the voltage.
        return (_AWAKE_WATTS + (_FULL_WATTS - _AWAKE_WATTS) * self._load) * self._volts**2

    def _shown_celsius(self, now: float) -> float:
        if PowerFault.HOT_SENSOR in self.faults:
            return HOT_CELSIUS
        if PowerFault.ZERO_TEMPERATURE in self.faults:
            return 0.0
        if PowerFault.NEGATIVE_TEMPERATURE in self.faults:
            return -1.0
        deaf = self.chips_awake and now - self._released < DIODE_NONSENSE_SECONDS
        return NONSENSE_CELSIUS if deaf else self.heat.celsius
