"""The guardian's hold on a control port: one request at a time, blocking, with a deadline."""

import time
from collections.abc import Callable, Iterator

from stampmill.core.backends.asic.control.replies import (
    REPLY_SECONDS,
    Failure,
    Garbage,
    Reply,
    ReplyEvent,
    ReplyReader,
    Variant,
    detect_variant,
    is_ambiguous,
)
from stampmill.core.backends.asic.control.requests import (
    GpioGet,
    I2cRead,
    I2cWriteRead,
    Request,
    encode_request,
)
from stampmill.core.backends.asic.guardian.channel import Channel
from stampmill.core.backends.asic.link.errors import PortGoneError
from stampmill.core.errors import StampmillError

_PROBE_ID = 0x2A


class LineError(StampmillError):
    """A request got no good answer; asked again it may."""


class NoAnswerError(LineError):
    """Nothing came in time."""


class Line:
    """Requests over an open port. `errors` counts those without a good answer."""

    def __init__(
        self, channel: Channel, name: str, now: Callable[[], float] = time.monotonic
    ) -> None:
        self.errors = 0
        self._name = name
        self._channel = channel
        self._now = now
        self._reader = ReplyReader(Variant.V0)
        self._id = 0

    @property
    def variant(self) -> Variant:
        """What the firmware was found to speak."""
        return self._reader.variant

    def detect(self, tries: int = 3) -> Variant:
        """Find out what the firmware speaks, by a GPIO read; raise NoAnswerError."""
        heard = b""
        for _ in range(tries):
            self._drop_input()
            self._write(encode_request(_PROBE_ID, GpioGet(0)))
            heard = b""
            for chunk in self._chunks(REPLY_SECONDS / 4):
                heard += chunk
                if variant := detect_variant(_PROBE_ID, heard):
                    self._reader = ReplyReader(variant)
                    return variant
        said = f"answers {heard.hex()}" if heard else "does not answer"
        raise NoAnswerError(f"no bitaxe-raw firmware: the control port {said}")

    def ask(self, request: Request, seconds: float = REPLY_SECONDS, tries: int = 1) -> bytes:
        """Return the data of the reply; raise LineError when each try failed, PortGoneError."""
        for left in reversed(range(tries)):
            try:
                return self._ask_once(request, seconds)
            except LineError:
                self.errors += 1
                if not left:
                    raise
        raise AssertionError("at least one try")

    def _ask_once(self, request: Request, seconds: float) -> bytes:
        reply = self._exchange(request, seconds)
        if isinstance(request, I2cRead | I2cWriteRead) and is_ambiguous(self.variant, reply):
            # One byte that may be an error: two bytes would be of another length than an error.
            return self._exchange(_two_of(request), seconds).data[:1]
        return reply.data

    def _exchange(self, request: Request, seconds: float) -> Reply:
        self._id = (self._id + 1) % 0xFF  # FF is the firmware's for what it cannot parse
        self._drop_input()
        self._reader.expect(request)
        self._write(encode_request(self._id, request))
        for chunk in self._chunks(seconds):
            for event in self._reader.feed(chunk):
                if (reply := self._judged(event)) is not None:
                    return reply
        self._judged(self._reader.silence())
        raise NoAnswerError(f"no answer to {request} in {seconds:g} s")

    def _judged(self, event: ReplyEvent | None) -> Reply | None:
        """Return the reply to the request in flight, None for one to an earlier; or raise."""
        if isinstance(event, Garbage):
            raise LineError(f"the firmware's answer cannot be read ({event.name.lower()})")
        if isinstance(event, Failure) and event.id in {self._id, 0xFF}:
            raise LineError(f"the firmware answers: {event}")
        return event if isinstance(event, Reply) and event.id == self._id else None

    def _chunks(self, seconds: float) -> Iterator[bytes]:
        end = self._now() + seconds
        while (left := end - self._now()) > 0:
            self._channel.wait(left)
            if data := self._read():
                yield data

    def _drop_input(self) -> None:
        while self._read():
            pass

    def _read(self) -> bytes:
        """Return what is there, perhaps nothing; raise PortGoneError."""
        try:
            return self._channel.read()
        except EOFError:
            raise PortGoneError(self._name, "closed by the other end") from None
        except OSError as error:
            raise PortGoneError(self._name, str(error.strerror)) from error

    def _write(self, packet: bytes) -> None:
        """Write in one call: the firmware drops what comes in parts."""
        try:
            self._channel.write(packet)
        except BlockingIOError as error:
            raise NoAnswerError("the control port takes nothing") from error
        except OSError as error:
            raise PortGoneError(self._name, str(error.strerror)) from error


def _two_of(request: I2cRead | I2cWriteRead) -> Request:
    if isinstance(request, I2cRead):
        return I2cRead(request.address, 2)
    return I2cWriteRead(request.address, request.data, 2)
