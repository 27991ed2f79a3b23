"""Answers that are wrong, doubled, late or in odd shapes."""

from collections import deque
from collections.abc import Iterable
from random import Random

from stampmill.pool.server.chaos.scenario import OPTIONAL, Said, Scenario, Wire
from stampmill.pool.stratum.json_line import Json, encode_line

_REFUSALS: tuple[dict[str, Json], ...] = (
    {"result": False, "error": [21, "Stale", None]},
    {"reject-reason": "Above target", "result": False, "error": None},
    {"result": False, "error": "Invalid version mask"},
    {"result": None, "error": [22, "duplicate share"]},
    {"result": None, "error": [23, "Low difficulty share", ""]},
    {"result": None, "error": [20, "text", "Traceback (most recent call last)"]},
    {"jsonrpc": "2.0", "error": {"code": 21, "message": "job not found", "data": None}},
    {"result": False},
    {"result": None, "error": None},
    {"result": None, "error": 33},
    {"result": "yes", "error": [[], {}]},
)
"""Every shape of a no that was seen on the wire, and a few that were not."""

_ODD_CONFIGURES: tuple[Json, ...] = (
    None, {}, [], False, "no", {"version-rolling": "maybe"},
    {"version-rolling": True, "version-rolling.mask": "5fffe000"},
    {"version-rolling": True, "version-rolling.mask": "ffffffff"},
    {"version-rolling": True, "version-rolling.mask": []},
    {"version-rolling": True, "version-rolling.mask": "0x6000"},
)  # fmt: skip


class Rejects(Scenario):
    """Takes no share."""

    TEXT = "refuses every share, in every shape of a refusal that was seen"

    def said(self, line: Said, wire: Wire) -> Iterable[bytes]:
        """Replace an answer by a refusal."""
        if line.answers != "mining.submit":
            return (line.raw,)
        return (encode_line({"id": line.message.get("id"), **self.random.choice(_REFUSALS)}),)


class Forgetful(Scenario):
    """Authorized once, unknown now and then."""

    TEXT = "now and then knows neither the worker nor the subscription"

    def said(self, line: Said, wire: Wire) -> Iterable[bytes]:
        """Replace some answers by error 24 or 25."""
        if line.answers != "mining.submit" or self.random.random() < 0.7:
            return (line.raw,)
        error = self.random.choice(
            [[24, "Unauthorized worker", None], [25, "Not subscribed", None]]
        )
        return (line.changed(result=None, error=error),)


class RefusesUser(Scenario):
    """Not with this name."""

    TEXT = "refuses every user"

    def said(self, line: Said, wire: Wire) -> Iterable[bytes]:
        """Say no to authorize."""
        if line.answers != "mining.authorize":
            return (line.raw,)
        refusal = self.random.choice([(False, None), (None, [20, "bad address", None])])
        return (line.changed(result=refusal[0], error=refusal[1]),)


class WrongIds(Scenario):
    """Answers to somebody else."""

    TEXT = "answers shares under ids that were never sent"

    def said(self, line: Said, wire: Wire) -> Iterable[bytes]:
        """Replace the id of some answers."""
        if line.answers != "mining.submit" or self.random.random() < 0.3:
            return (line.raw,)
        odd: tuple[Json, ...] = (
            self.random.randrange(10**6, 10**9),
            -1,
            "x",
            None,
            True,
            1e300,
            [],
            {},
        )
        return (line.changed(id=self.random.choice(odd)),)


class NoIds(Scenario):
    """Answers to nobody."""

    TEXT = "leaves the id out of its answers to shares"

    def said(self, line: Said, wire: Wire) -> Iterable[bytes]:
        """Drop the id."""
        if line.answers != "mining.submit":
            return (line.raw,)
        return (encode_line({key: line.message[key] for key in line.message if key != "id"}),)


class OddIds(Scenario):
    """Right, but not as it was sent."""

    TEXT = "gives ids back as strings and floats"

    def said(self, line: Said, wire: Wire) -> Iterable[bytes]:
        """Retype the id."""
        number = line.message.get("id")
        if line.answers is None or not isinstance(number, int):
            return (line.raw,)
        return (line.changed(id=self.random.choice([str(number), float(number)])),)


class DoubleAnswers(Scenario):
    """Yes. No."""

    TEXT = "answers everything twice, the second time the other way round"

    def said(self, line: Said, wire: Wire) -> Iterable[bytes]:
        """Add a contradiction."""
        if line.answers is None:
            return (line.raw,)
        return (line.raw, line.changed(result=line.message.get("result") is not True))


class ShuffledAnswers(Scenario):
    """Right answers in the wrong order."""

    TEXT = "holds answers to shares back and gives them in any order"

    def __init__(self, random: Random) -> None:
        super().__init__(random)
        self._held: deque[bytes] = deque()

    def said(self, line: Said, wire: Wire) -> Iterable[bytes]:
        """Keep an answer."""
        if line.answers != "mining.submit":
            return (line.raw,)
        self._held.append(line.raw)
        return ()

    def tick(self, now: float, wire: Wire) -> None:
        """Let some go."""
        self.random.shuffle(self._held)
        while self._held and self.random.random() < 0.6:
            wire.inject(self._held.popleft())


class OddHandshake(Scenario):
    """The dialects of configure and subscribe."""

    TEXT = "answers configure and subscribe in every odd shape that can be meant"

    def said(self, line: Said, wire: Wire) -> Iterable[bytes]:
        """Retell an answer."""
        if line.answers == "mining.configure":
            return (line.changed(result=self.random.choice(_ODD_CONFIGURES)),)
        result = line.message.get("result")
        if line.answers != "mining.subscribe" or not isinstance(result, list):
            return (line.raw,)
        lists: tuple[Json, ...] = (
            None,
            "x",
            [],
            ["mining.notify", "5e55"],
            [["mining.notify"]],
            result[0],
        )
        size = self.random.choice([result[2], str(result[2]), float(result[2])])
        return (line.changed(result=[self.random.choice(lists), result[1], size, "more"]),)


class RefusesOptional(Scenario):
    """What foundation, eloipool and others do with requests they do not know."""

    TEXT = "answers configure, suggest_difficulty and extranonce.subscribe with an error"

    def said(self, line: Said, wire: Wire) -> Iterable[bytes]:
        """Replace an answer by an error."""
        if line.answers not in OPTIONAL:
            return (line.raw,)
        errors: tuple[Json, ...] = (
            [20, "Not supported.", None],
            [-3, f"Method '{line.answers}' not found", None],
            [20, f"Unknown method: {line.answers}", None],
        )
        return (line.changed(result=None, error=self.random.choice(errors)),)


class GrudgingYes(Scenario):
    """Accepted, whatever else it says."""

    TEXT = "accepts shares with an error beside the yes"

    def said(self, line: Said, wire: Wire) -> Iterable[bytes]:
        """Add an error."""
        if line.answers != "mining.submit" or line.message.get("result") is not True:
            return (line.raw,)
        errors: tuple[Json, ...] = ([20, "Other", None], "Above target", {"code": 23}, 7)
        return (line.changed(error=self.random.choice(errors)),)


class LateAnswers(Scenario):
    """ckpool answers a share that solves a block behind the notify for the next one."""

    TEXT = "answers shares only when the next job is out"

    def __init__(self, random: Random) -> None:
        super().__init__(random)
        self._held: list[bytes] = []

    def said(self, line: Said, wire: Wire) -> Iterable[bytes]:
        """Hold answers until a job has passed."""
        if line.answers == "mining.submit":
            self._held.append(line.raw)
            return ()
        if line.method != "mining.notify":
            return (line.raw,)
        held, self._held = self._held, []
        return (line.raw, *held)


class EarlyJobs(Scenario):
    """A server with several writers."""

    TEXT = "sends a difficulty and a job in front of the subscribe answer"
    HELD = "mining.subscribe"

    def __init__(self, random: Random) -> None:
        super().__init__(random)
        self._held: list[bytes] = []

    def said(self, line: Said, wire: Wire) -> Iterable[bytes]:
        """Hold an answer of the handshake until the job has passed."""
        if line.answers == self.HELD:
            self._held.append(line.raw)
            return ()
        if line.method != "mining.notify":
            return (line.raw,)
        held, self._held = self._held, []
        return (line.raw, *held)


class JobsBeforeAuthorize(EarlyJobs):
    """ckpool and foundation send them behind the subscribe answer."""

    TEXT = "sends a difficulty and a job in front of the authorize answer"
    HELD = "mining.authorize"
