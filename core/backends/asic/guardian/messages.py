"""What miner and guardian tell each other: one JSON object a line, over two pipes."""

import msgspec

SILENCE_SECONDS = 5.0
"""A miner that says nothing for so long is taken for dead."""

BEAT_SECONDS = 1.0
"""How often a miner that has nothing else to say makes itself heard."""


class Beat(msgspec.Struct, frozen=True, tag="beat"):
    """The miner lives."""


class PowerUp(msgspec.Struct, frozen=True, tag="power-up"):
    """Bring the board up, to powered with reset low.

    One that was stopped for its heat, or for want of a temperature, has to show that it is cool.
    """

    id: int
    was_hot: bool = False


class Reset(msgspec.Struct, frozen=True, tag="reset"):
    """Let the chips go (high) or hold them."""

    id: int
    high: bool


class Choose(msgspec.Struct, frozen=True, tag="choose"):
    """Tell which chip answered: its model's limits hold from now on."""

    id: int
    chip_id: int


class SetVolts(msgspec.Struct, frozen=True, tag="set-volts"):
    """Change the core voltage of a powered board whose reset is low."""

    id: int
    volts: float


class Stop(msgspec.Struct, frozen=True, tag="stop"):
    """Make the board cold, and its fan slow."""

    id: int


Order = Beat | PowerUp | Reset | Choose | SetVolts | Stop


class Ready(msgspec.Struct, frozen=True, tag="ready"):
    """The port is ours, its firmware answers in this variant, reset is low."""

    variant: str
    pid: int


class Stage(msgspec.Struct, frozen=True, tag="stage"):
    """A part of the bring-up begins."""

    name: str


class Done(msgspec.Struct, frozen=True, tag="done"):
    """An order was carried out; `text` is what it found."""

    id: int
    text: str = ""


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """An order was not carried out; after a failed bring-up the board is cold."""

    id: int
    text: str


class Sensors(msgspec.Struct, frozen=True, tag="sensors"):
    """A reading: numbers by gauge, words for what had none, the fan's speed in percent."""

    values: dict[str, float]
    missing: dict[str, str]
    fan_percent: float
    errors: int
    """Requests without a good answer since the start."""


class Stopped(msgspec.Struct, frozen=True, tag="stopped"):
    """The rules stopped the board; `cold` False: it could not be confirmed."""

    kind: str
    text: str
    cold: bool


class Lost(msgspec.Struct, frozen=True, tag="lost"):
    """The guardian cannot go on: no port, or no answer. It ends."""

    text: str


Report = Ready | Stage | Done | Refused | Sensors | Stopped | Lost

_encode = msgspec.json.Encoder().encode
_ORDERS: msgspec.json.Decoder[Order] = msgspec.json.Decoder(Order)
_REPORTS: msgspec.json.Decoder[Report] = msgspec.json.Decoder(Report)


def encode(message: Order | Report) -> bytes:
    """Return a message as a line."""
    return _encode(message) + b"\n"


def decode_order(line: bytes) -> Order:
    """Return what a line orders; raise msgspec.DecodeError for no order."""
    return _ORDERS.decode(line)


def decode_report(line: bytes) -> Report:
    """Return what a line reports; raise msgspec.DecodeError for no report."""
    return _REPORTS.decode(line)
