"""Pools that say nothing, or stop."""

from collections.abc import Iterable

from stampmill.pool.server.chaos.scenario import OPTIONAL, Said, Scenario, Wire


class BlackHole(Scenario):
    """Never a byte."""

    TEXT = "takes the connection and never says a word"

    def said(self, line: Said, wire: Wire) -> Iterable[bytes]:
        """Swallow it."""
        return ()


class Silence(Scenario):
    """A handshake, a job, and then nothing."""

    TEXT = "falls silent behind the first job, and stays connected"

    def said(self, line: Said, wire: Wire) -> Iterable[bytes]:
        """Swallow what comes behind the first job."""
        if self._silent:
            return ()
        self._silent = line.method == "mining.notify"
        return (line.raw,)

    _silent = False


class NoAuthorizeAnswer(Scenario):
    """Half a handshake."""

    TEXT = "answers subscribe, but never authorize"

    def asked(self, method: str, wire: Wire) -> bool:
        """Withhold authorize from the pool."""
        return method != "mining.authorize"


class NoOptionalAnswers(Scenario):
    """What ckpool and public-pool do with requests they do not know."""

    TEXT = "never answers configure, suggest_difficulty and extranonce.subscribe"

    def asked(self, method: str, wire: Wire) -> bool:
        """Withhold optional requests from the pool."""
        return method not in OPTIONAL


class NoShareAnswers(Scenario):
    """Shares go in, nothing comes out."""

    TEXT = "never answers a submit, but goes on sending jobs"

    def said(self, line: Said, wire: Wire) -> Iterable[bytes]:
        """Swallow the answers to submits."""
        return () if line.answers == "mining.submit" else (line.raw,)


class FrozenJob(Scenario):
    """ckpool repeats work every 30 s; this one has no other."""

    TEXT = "repeats its first job for ever, and accepts shares of it"

    def said(self, line: Said, wire: Wire) -> Iterable[bytes]:
        """Replace each job by the first, and every verdict on a share by yes."""
        if line.answers == "mining.submit":
            return (line.changed(result=True, error=None),)
        if line.method != "mining.notify":
            return (line.raw,)
        self._first = self._first or line.raw
        return (self._first,)

    _first = b""


class NotReading(Scenario):
    """Questions without end, and no ear for the answers."""

    TEXT = "asks and asks and reads nothing: the answers pile up"

    def tick(self, now: float, wire: Wire) -> None:
        """Ask a thousand times."""
        wire.stop_reading()
        wire.inject(b'{"id":42,"method":"mining.ping","params":[]}\n' * 1000)


class HangUpOnConfigure(Scenario):
    """Old pools that know no BIP310."""

    TEXT = "closes the connection at mining.configure"

    def asked(self, method: str, wire: Wire) -> bool:
        """Hang up at configure."""
        if method == "mining.configure":
            wire.hang_up()
        return method != "mining.configure"


class HangUpOnOptional(Scenario):
    """What Ocean was seen to do."""

    TEXT = "closes the connection at suggest_difficulty and extranonce.subscribe"

    def asked(self, method: str, wire: Wire) -> bool:
        """Hang up at optional requests."""
        unwelcome = method in OPTIONAL - {"mining.configure"}
        if unwelcome:
            wire.hang_up()
        return not unwelcome


class Flapping(Scenario):
    """A pool behind a failing balancer."""

    TEXT = "closes the connection after a second or a few, for ever"

    def tick(self, now: float, wire: Wire) -> None:
        """Hang up when it is time."""
        if self._until is None:
            self._until = now + self.random.uniform(0.5, 5.0)
        elif now >= self._until:
            wire.hang_up()

    _until: float | None = None
