"""Icarus boards and Block Erupters: one work at a time, found by the golden work."""

import asyncio
import struct
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from stampmill.core.backends.asic.board.base import BoardError, Facts, Found, LineCounters
from stampmill.core.backends.asic.board.jobs import midstates_of
from stampmill.core.backends.asic.board.settings import BoardSettings
from stampmill.core.backends.asic.link.adapter import LocatePort
from stampmill.core.backends.asic.link.emulation import Emulation, emulation_of
from stampmill.core.backends.asic.link.errors import PortGoneError
from stampmill.core.backends.asic.link.port import Port
from stampmill.core.backends.asic.link.serial_port import open_port
from stampmill.core.backends.asic.wire import icarus
from stampmill.core.board_report import BoardReading, BoardTemperature
from stampmill.core.chain.sha256d import INITIAL_STATE, compress
from stampmill.core.errors import UsageError
from stampmill.core.job import Work
from stampmill.core.scan import NONCE_SPACE

_TRIES = 2
_ANSWER_SECONDS = 0.3  # as cgminer
_PATIENCE = 5
"""Times as long as the golden nonce takes, it is waited for."""
_DIVISION_SECONDS = 1.0  # 80 million hashes at the most
_SILENCE = 0.1
"""Seconds after which bytes that make no whole nonce are dropped: nothing else aligns the line."""
_FILLER = b"\0"
_SPARE_SECONDS = 0.15  # the next work comes so much before the range ends (cgminer)
_LONGEST_WORK = 10.0
"""Seconds: the header's time goes on with each work."""


@dataclass(frozen=True, slots=True)
class IcarusKind:
    """A device of the family. `rate` is hashes per second.

    Icarus bitstreams stop at the first nonce and wait for work; Erupters go on.
    """

    name: str
    rate: float
    stops_at_nonce: bool


ICARUS = IcarusKind("Icarus", 380e6, stops_at_nonce=True)
ERUPTER = IcarusKind("Block Erupter", 336e6, stops_at_nonce=False)

RELATIVES = {5: "an Antminer U1 to U3", 8: "a Rockminer"}
"""Who answers the golden work with so many bytes."""


class IcarusBoard:
    """A device without frames, clock or sensors. Implements Board.

    `locate` is asked at each bring-up, where its adapter may come back under another name.
    """

    def __init__(
        self,
        name: str,
        kind: IcarusKind = ICARUS,
        settings: BoardSettings | None = None,
        *,
        locate: LocatePort | None = None,
        opener: Callable[[str], Awaitable[Port]] = open_port,
    ) -> None:
        settings = settings or BoardSettings()
        if settings.mhz is not None or settings.volts is not None:
            raise UsageError(f"{name}: clock and voltage of {kind.name} are fixed")
        self.name = name
        self._kind = kind
        self._locate = locate or (lambda: name)
        self._opener = opener
        self._port: Port | None = None
        self._partial = b""
        self._discarded = 0
        self._zero_bits = 32
        self._is_known = False
        """It has answered the golden work before."""
        self._golden = False
        """Nonces of the golden work may still come: Erupters search on until other work comes."""
        self._emulation: Emulation | None = None

    @property
    def cools(self) -> bool:
        """Whether its power is ours to take away."""
        return False

    def emulation(self) -> Emulation | None:
        """Return what stands beside an emulator's link; None for a real device."""
        return emulation_of(self.name)

    async def bring_up(self) -> Facts:
        """Open the port and see that it finds the nonce of the golden work."""
        self._emulation = emulation = self.emulation()
        self._zero_bits = 32 if emulation is None else emulation.zero_bits
        if self._port is None:
            self._port = await self._opener(self._locate())
        await self._detect(self._port)
        self._golden = True
        division = await self._division(self._port) if emulation is None else 1
        parts = f", {division} parts" if division > 1 else ""
        return Facts(
            kind=f"{self._kind.name}{parts}",
            chips=1,
            hashrate=self._rate,
            zero_bits=self._zero_bits,
            max_ticket_bits=0,
            job_ids=(0, 1),
            versions=1,
            mhz=0.0,
            stops_at_nonce=self._kind.stops_at_nonce,
        )

    async def reset(self) -> None:
        """Close the port: the next bring-up opens it anew."""
        await self.stop()

    def set_ticket(self, bits: int) -> None:
        """Do nothing: the device reports every hash of 32 zero bits."""

    def repeat_settings(self) -> None:
        """Do nothing: there is nothing to set."""

    def start(self, job_id: int, work: Work) -> None:  # noqa: ARG002  the device knows no ids
        """Hand work to the line, which aborts the work before."""
        (midstate,) = midstates_of(work)
        self._up.write(icarus.encode_work(midstate, work.prefix()[64:]))

    def job_seconds(self, work: Work) -> float:  # noqa: ARG002  each has the whole range
        """Return the time until just before the device runs out of nonces and idles."""
        return min(NONCE_SPACE / self._rate - _SPARE_SECONDS, _LONGEST_WORK)

    def version(self, work: Work, found: Found) -> int | None:  # noqa: ARG002
        """Return the only version."""
        return work.versions[0]

    async def hear(self) -> Sequence[Found]:
        """Return the next nonces; a part of one that is not completed in time is dropped."""
        try:
            async with asyncio.timeout(_SILENCE if self._partial else None):
                data = await self._up.read()
        except TimeoutError:
            self._discarded += len(self._partial)
            self._partial = b""
            return ()
        if not data:
            raise PortGoneError(self.name)
        data = self._partial + data
        whole = len(data) - len(data) % icarus.NONCE_SIZE
        self._partial = data[whole:]
        starts = range(0, whole, icarus.NONCE_SIZE)
        nonces = [data[at : at + icarus.NONCE_SIZE] for at in starts]
        return [
            Found(None, int.from_bytes(nonce, "little"), 0, 0)
            for nonce in nonces
            if not self._is_golden(nonce)
        ]

    def _is_golden(self, nonce: bytes) -> bool:
        """Tell whether a nonce is of the golden work still; the first that is not ends it."""
        self._golden = self._golden and solves_golden(nonce, self._zero_bits)
        return self._golden

    async def retune(self, mhz: float) -> Facts:
        """Raise BoardError: the clock is fixed."""
        raise BoardError(f"{self.name}: the clock of {self._kind.name} is fixed, not {mhz:g} MHz")

    def temperatures(self) -> Sequence[BoardTemperature]:
        """Return nothing: there is no sensor."""
        return ()

    def readings(self) -> Sequence[BoardReading]:
        """Return nothing: nothing is measured."""
        return ()

    def counters(self) -> LineCounters:
        """Return the bytes that made no whole nonce."""
        return LineCounters(discarded_bytes=self._discarded)

    def notices(self) -> Sequence[str]:
        """Return nothing: what is wrong with it is an error."""
        return ()

    async def stop(self) -> None:
        """Close the port; the device idles at the end of its range."""
        port, self._port = self._port, None
        self._partial = b""
        if port is not None:
            await port.close()

    @property
    def _rate(self) -> float:
        told = self._emulation.hashrate if self._emulation else None
        return told or self._kind.rate

    @property
    def _up(self) -> Port:
        if self._port is None:
            raise BoardError(f"{self.name} is not up")
        return self._port

    async def _detect(self, port: Port) -> None:
        """See that it answers the golden work, out of step though it may be."""
        answer = await self._ask(port)
        if not self._is_right(answer) and self._may_be_out_of_step(answer):
            answer = await self._bring_in_step(port) or answer
        if not self._is_right(answer):
            told = f"answers the golden work with {answer.hex()}" if answer else "does not answer"
            raise BoardError(f"{self.name} {told}: no {self._kind.name}, or it has no power")
        self._is_known = True
        self._refuse_relatives(answer)

    async def _ask(self, port: Port) -> bytes:
        """Return what answers the golden work, at the second try if need be."""
        answer = b""
        for _ in range(_TRIES):
            discarded, answer = await ask_golden(port, self._rate)
            self._discarded += discarded
            if self._is_right(answer):
                break
        return answer

    def _is_right(self, answer: bytes) -> bool:
        return solves_golden(answer, self._zero_bits)

    def _may_be_out_of_step(self, answer: bytes) -> bool:
        """Tell whether to try that: what was never met and talks, or is emulated, is another."""
        return self._is_known or (not answer and self._emulation is None)

    async def _bring_in_step(self, port: Port) -> bytes:
        """Return the answer of a device that counts works from a byte that was lost; else nothing.

        Nothing but their number tells it where a work begins: each byte more before the golden
        work moves that by one, until it begins where the device's next work does.
        """
        for _ in range(icarus.WORK_SIZE):
            port.write(_FILLER + icarus.GOLDEN_WORK)
            heard = await _heard(port, _PATIENCE * icarus.GOLDEN_HASHES / self._rate)
            if self._has_golden(heard):
                # It may have been late, and the answer to the try before: ask again.
                answer = await self._ask(port)
                if self._is_right(answer):
                    return answer
            self._discarded += len(heard)
        return b""

    def _has_golden(self, heard: bytes) -> bool:
        """Tell whether the golden nonce is among nonces, which works out of step may have."""
        starts = range(0, len(heard), icarus.NONCE_SIZE)
        return any(self._is_right(heard[at:]) for at in starts)

    def _refuse_relatives(self, answer: bytes) -> None:
        """Raise BoardError for devices whose replies are longer."""
        relative = RELATIVES.get(len(answer))
        if relative is not None and self._emulation is None:
            raise BoardError(f"{self.name} is {relative}, which is not supported")

    async def _division(self, port: Port) -> int:
        port.write(icarus.DIVISION_WORK)
        answer = await _heard(port, _DIVISION_SECONDS)
        return icarus.division_of(answer[: icarus.NONCE_SIZE])


async def ask_golden(port: Port, rate: float) -> tuple[int, bytes]:
    """Send the golden work; return how many bytes lay there before, and what comes in answer.

    A device of so many hashes per second has the time that it needs. Raise PortGoneError.
    """
    before = len(await _heard(port, 0.0))
    port.write(icarus.GOLDEN_WORK)
    return before, await _heard(port, max(_ANSWER_SECONDS, _PATIENCE * icarus.GOLDEN_HASHES / rate))


def solves_golden(answer: bytes, zero_bits: int = 32) -> bool:
    """Tell whether an answer begins with a nonce of the golden work."""
    return _solves(icarus.GOLDEN_WORK, answer[: icarus.NONCE_SIZE], zero_bits)


async def _heard(port: Port, seconds: float) -> bytes:
    """Return what comes in so many seconds, and behind that until the line is silent."""
    heard, patience = b"", max(seconds, _SILENCE)
    while True:
        try:
            async with asyncio.timeout(patience):
                data = await port.read()
        except TimeoutError:
            return heard
        if not data:
            raise PortGoneError(port.name)
        heard, patience = heard + data, _SILENCE


def _solves(work: bytes, nonce: bytes, zero_bits: int) -> bool:
    """Tell whether work and nonce make a hash of so many zero bits, as far as a midstate tells."""
    if len(nonce) < icarus.NONCE_SIZE:
        return False
    midstate, tail = icarus.decode_work(work)
    padding = b"\x80" + bytes(45) + (640).to_bytes(2, "big")
    block = struct.unpack(">16I", tail + nonce + padding)
    first = struct.pack(">8I", *compress(struct.unpack(">8I", midstate), block))
    padding = b"\x80" + bytes(29) + (256).to_bytes(2, "big")
    digest = struct.pack(">8I", *compress(INITIAL_STATE, struct.unpack(">16I", first + padding)))
    return 256 - int.from_bytes(digest, "little").bit_length() >= zero_bits
