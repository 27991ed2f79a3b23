"""Lines that are no lines: cut, glued, dripped, endless, broken."""

from collections.abc import Iterable

from stampmill.pool.server.chaos.scenario import Said, Scenario, Wire

_MEGABYTES = 2 << 20
_DRIP = 7
"""Bytes at a tick: a notify takes half a minute."""


class SplitPackets(Scenario):
    """TCP knows no lines."""

    TEXT = "cuts its lines into segments of one to a hundred bytes"

    def segments(self, data: bytes, wire: Wire) -> Iterable[bytes]:
        """Cut at random."""
        while data:
            size = self.random.randint(1, 100)
            yield data[:size]
            data = data[size:]


class GluedPackets(Scenario):
    """Nagle's own pool."""

    TEXT = "collects lines for a quarter of a second and sends them as one segment"

    def segments(self, data: bytes, wire: Wire) -> Iterable[bytes]:
        """Keep it."""
        self._held += data
        return ()

    def tick(self, now: float, wire: Wire) -> None:
        """Send all at once."""
        held, self._held = self._held, b""
        if held:
            wire.emit(held)

    _held = b""


class OddLineEnds(Scenario):
    """CR LF, and empty lines between."""

    TEXT = "ends lines with CR LF and puts empty ones between"

    def segments(self, data: bytes, wire: Wire) -> Iterable[bytes]:
        """Retype the ends of lines."""
        return (b"\r\n\n" + data.replace(b"\n", b"\r\n"),)


class SlowDrip(Scenario):
    """Bytes come, lines do not."""

    TEXT = "sends a few bytes at a time: a job takes half a minute"

    def segments(self, data: bytes, wire: Wire) -> Iterable[bytes]:
        """Keep it, but not without bound."""
        if len(self._held) < _MEGABYTES:
            self._held += data
        return ()

    def tick(self, now: float, wire: Wire) -> None:
        """Let a few bytes go."""
        if self._held:
            drop, self._held = self._held[:_DRIP], self._held[_DRIP:]
            wire.emit(drop)

    _held = b""


class EndlessLine(Scenario):
    """A line that grows until somebody gives up."""

    TEXT = "begins a line and never ends it"

    def said(self, line: Said, wire: Wire) -> Iterable[bytes]:
        """Swallow what comes behind the first job."""
        if self._begun:
            return ()
        self._begun = line.method == "mining.notify"
        return (line.raw,)

    def tick(self, now: float, wire: Wire) -> None:
        """Go on with it."""
        if self._begun:
            wire.emit(b"[" * 65_536)

    _begun = False


class HugeLines(Scenario):
    """More than anybody should buffer."""

    TEXT = "sends lines of two megabytes"

    def tick(self, now: float, wire: Wire) -> None:
        """Send one now and then."""
        if self.random.random() < 0.1:
            wire.emit(b'{"method":"client.show_message","params":["' + b"x" * _MEGABYTES + b'"]}\n')


class BigLines(Scenario):
    """As much as may be."""

    TEXT = "fills its lines with blanks up to just below a megabyte"

    def said(self, line: Said, wire: Wire) -> Iterable[bytes]:
        """Pad a job."""
        if line.method != "mining.notify" or self.random.random() < 0.5:
            return (line.raw,)
        return (line.raw.rstrip(b"\n").ljust((1 << 20) - 1) + b"\n",)


class CutLines(Scenario):
    """Half a job, and gone."""

    TEXT = "closes the connection in the middle of a line"

    def said(self, line: Said, wire: Wire) -> Iterable[bytes]:
        """Cut some job short."""
        if line.method != "mining.notify" or self.random.random() < 0.7:
            return (line.raw,)
        wire.emit(line.raw[: self.random.randrange(len(line.raw))])
        wire.hang_up()
        return ()


class BrokenUtf8(Scenario):
    """Bytes that are no text."""

    TEXT = "puts lines of broken UTF-8 between its own"

    def said(self, line: Said, wire: Wire) -> Iterable[bytes]:
        """Add a broken copy."""
        place = self.random.randrange(1, len(line.raw) - 1)
        return (line.raw[:place] + b"\xc3\x28\xff\xed\xa0\x80" + line.raw[place:], line.raw)


class Rubbish(Scenario):
    """Nothing that means anything."""

    TEXT = "puts rubbish between its lines: other JSON, deep nesting, endless numbers"

    def said(self, line: Said, wire: Wire) -> Iterable[bytes]:
        """Add a line of it."""
        return (self._line() + b"\n", line.raw)

    def _line(self) -> bytes:
        pieces = (
            b"[" * 60_000, b'{"a":' * 20_000, b"[]", b"{}", b"7", b'"x"', b"null", b"NaN",
            b'{"id":' + b"9" * 400 + b',"result":true}', b'{"method":[]}', b'{"id":{},"result":1}',
            b'{"method":"mining.notify","params":{"a":1}}', b'{"method":"mining.notify"}',
            b"?" + self.random.randbytes(60).replace(b"\n", b""),
        )  # fmt: skip
        return self.random.choice(pieces)


class SpeaksTls(Scenario):
    """The wrong port."""

    TEXT = "speaks TLS on the plain port"

    def opened(self, wire: Wire) -> None:
        """Send an alert."""
        wire.emit(b"\x15\x03\x01\x00\x02\x02\x28")

    def said(self, line: Said, wire: Wire) -> Iterable[bytes]:
        """Swallow everything else."""
        return ()


class SpeaksHttp(Scenario):
    """A web server on the port."""

    TEXT = "speaks HTTP"

    def opened(self, wire: Wire) -> None:
        """Complain."""
        wire.emit(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")

    def said(self, line: Said, wire: Wire) -> Iterable[bytes]:
        """Swallow everything else."""
        return ()
