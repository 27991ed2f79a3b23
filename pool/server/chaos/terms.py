"""Difficulties, extranonces and version masks at every odd moment, possible and impossible."""

from collections.abc import Iterable

from stampmill.pool.server.chaos.scenario import Said, Scenario, Wire
from stampmill.pool.stratum.json_line import Json, encode_line


def notification(method: str, *params: Json) -> bytes:
    """Return a notification as a line, whatever its parameters."""
    return encode_line({"id": None, "method": method, "params": list(params)})


class BadDifficulty(Scenario):
    """None of these can be met, or meant."""

    TEXT = "sends difficulties of zero, below zero, NaN, beyond every hash, or no number"

    def tick(self, now: float, wire: Wire) -> None:
        """Send one."""
        bad = self.random.choice((
            b"[0]", b"[-1]", b"[null]", b"[NaN]", b"[Infinity]", b'["nan"]', b'["-inf"]', b"[[]]",
            b"[1e300]", b"[" + b"9" * 300 + b"]", b"[true]", b"[]", b"{}", b'["much"]', b"7",
            b"[1e-400]", b"[-0.0]", b'["0x10"]',
        ))  # fmt: skip
        wire.inject(b'{"id":null,"method":"mining.set_difficulty","params":' + bad + b"}\n")


class OddDifficulty(Scenario):
    """Unusual, but it can be meant."""

    TEXT = "writes difficulties oddly: as text, with an exponent, with more behind them"

    def said(self, line: Said, wire: Wire) -> Iterable[bytes]:
        """Retype a difficulty."""
        said = next(iter(line.params), None)
        if line.method != "mining.set_difficulty" or not isinstance(said, (int, float)):
            return (line.raw,)
        odd: tuple[list[Json], ...] = (
            [str(said)], [f"{said:.17e}"], [said, None], [said, "more", {}],
        )  # fmt: skip
        return (line.changed(params=self.random.choice(odd)),)


class HugeDifficulty(Scenario):
    """Possible, and out of reach."""

    TEXT = "raises the difficulty beyond what any miner can meet"

    def said(self, line: Said, wire: Wire) -> Iterable[bytes]:
        """Multiply a difficulty."""
        said = next(iter(line.params), None)
        if line.method != "mining.set_difficulty" or not isinstance(said, (int, float)):
            return (line.raw,)
        return (line.changed(params=[said * 1e15]),)


class LateDifficulty(Scenario):
    """The job first, its difficulty behind."""

    TEXT = "sends a difficulty behind the job that it is meant for"

    def said(self, line: Said, wire: Wire) -> Iterable[bytes]:
        """Hold a difficulty until the next job is out."""
        if line.method == "mining.set_difficulty":
            self._held = line.raw
            return ()
        held = self._held
        if line.method != "mining.notify" or not held:
            return (line.raw,)
        self._held = b""
        return (line.raw, held)

    _held = b""


class RestlessDifficulty(Scenario):
    """Changes that are none, and changes between jobs."""

    TEXT = "changes the difficulty back and forth between two jobs, or repeats it"

    def said(self, line: Said, wire: Wire) -> Iterable[bytes]:
        """Put other difficulties in front of the one that counts."""
        if line.method == "mining.set_difficulty":
            self._true = line.raw
        if line.method != "mining.notify" or not self._true:
            return (line.raw,)
        others = (notification("mining.set_difficulty", self.random.random() * 100) for _ in "123")
        return (*others, self._true, self._true, line.raw)

    _true = b""


class NoDifficulty(Scenario):
    """The default of 1 is what remains."""

    TEXT = "never says any difficulty"

    def said(self, line: Said, wire: Wire) -> Iterable[bytes]:
        """Swallow difficulties."""
        return () if line.method == "mining.set_difficulty" else (line.raw,)


class NewExtranonces(Scenario):
    """NiceHash does it unasked."""

    TEXT = "changes the extranonces in the middle of jobs, and tells it"

    def said(self, line: Said, wire: Wire) -> Iterable[bytes]:
        """Put the pool's own extranonces back in front of each job, behind others."""
        result = line.message.get("result")
        if line.answers == "mining.subscribe" and isinstance(result, list):
            self._true = result[1:3]
        if line.method != "mining.notify" or not self._true:
            return (line.raw,)
        back = notification("mining.set_extranonce", *self._true)
        return (back, line.raw, self._other())

    def tick(self, now: float, wire: Wire) -> None:
        """Change them, so that the next job must not be hashed with the old ones."""
        if self._true:
            wire.inject(self._other())

    def _other(self) -> bytes:
        size = self.random.choice((0, 1, 2, 8, 16))
        return notification("mining.set_extranonce", self.random.randbytes(size).hex(), size)

    _true: list[Json] | None = None


class BadExtranonces(Scenario):
    """No coinbase can hold them."""

    TEXT = "sends extranonces that are no hex, too long, or of impossible size"

    def tick(self, now: float, wire: Wire) -> None:
        """Send one."""
        wire.inject(
            notification(
                "mining.set_extranonce",
                *self.random.choice((
                    ("zz", 4), ("abc", 4), ("00" * 65, 4), ("aa", 17), ("aa", -1), ("aa", 1e9),
                    (None, 4), ("aa",), (), ("aa", "x"), ([], {}), (7, 4),
                )),
            )
        )  # fmt: skip


class RestlessMask(Scenario):
    """Bits come and go."""

    TEXT = "changes the version mask all the time, to nothing, everything and rubbish"

    def tick(self, now: float, wire: Wire) -> None:
        """Send a mask."""
        masks: tuple[Json, ...] = (
            "00000000", "ffffffff", "1fffe000", "00006000", "e0000000", "rubbish", "1" * 9, None,
            [], -1, 0x1FFFE000,
        )  # fmt: skip
        wire.inject(notification("mining.set_version_mask", self.random.choice(masks)))
