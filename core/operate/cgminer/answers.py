"""A request to the bytes of its reply; no I/O."""

import time
from collections.abc import Callable, Sequence

from stampmill.core.operate.access import Access
from stampmill.core.operate.cgminer import reply as wire
from stampmill.core.operate.cgminer.commands import answer, changes
from stampmill.core.operate.cgminer.question import Question, error
from stampmill.core.operate.cgminer.reply import END, Reply, Stamp
from stampmill.core.operate.cgminer.request import Request
from stampmill.core.operate.desk import Desk
from stampmill.core.snapshot import Snapshot

MAX_JOINED = 32
"""Commands in one request; there are not so many that can be joined."""
MAX_GIVEN = 16
MAX_GIVEN_BYTES = 65536
"""So many replies of so many bytes are kept for others who ask the same."""


class Answers:
    """Answers requests about one run. `version` is who we say we are, `now` Unix seconds."""

    def __init__(
        self,
        desk: Desk,
        version: str,
        strategy: str = "Failover",
        now: Callable[[], float] = time.time,
    ) -> None:
        self._desk = desk
        self._version = version
        self._strategy = strategy
        self._now = now
        self._shot: Snapshot | None = None
        self._second = 0
        self._given: dict[tuple[Request, Access], bytes] = {}
        """What was said of the snapshot in the second: many ask the same at once."""

    def to(self, request: Request, access: Access, peer: str) -> bytes:
        """Return the whole reply to what a peer with that access asks."""
        names = _names(request)
        if any(map(changes, names)):
            return self._made(request, names, access, peer)
        self._look()
        reply = self._given.get((request, access))
        if reply is None:
            reply = self._made(request, names, access, peer)
            if len(self._given) < MAX_GIVEN and len(reply) <= MAX_GIVEN_BYTES:
                self._given[request, access] = reply
        return reply

    def _look(self) -> None:
        """Forget what is out of date."""
        shot, second = self._desk.snapshot(), int(self._now())
        if shot is not self._shot or second != self._second:
            self._shot, self._second = shot, second
            self._given.clear()

    def _made(self, request: Request, names: Sequence[str], access: Access, peer: str) -> bytes:
        stamp = Stamp(int(self._now()), self._version)
        if request.fault is not None:
            said = error(request.fault.code, request.fault.message)
            return _one(said, stamp, as_json=True) + END
        who = f"{peer} over the API"
        question = Question(
            self._desk, request.parameter, access, who, self._version, self._strategy
        )
        # Of blanks alone there is nothing to join, and an empty reply would look like a lost one.
        if "+" in request.command and names:
            return _joined(names, question, stamp, as_json=request.as_json) + END
        return _one(answer(request.command, question), stamp, as_json=request.as_json) + END


def _names(request: Request) -> list[str]:
    return [name for name in dict.fromkeys(request.command.split("+")) if name]


def _joined(names: Sequence[str], question: Question, stamp: Stamp, *, as_json: bool) -> bytes:
    replies = {name: answer(name, question, joined=True) for name in names[:MAX_JOINED]}
    if as_json:
        return wire.joined_as_json(replies, stamp)
    return wire.joined_as_text(replies, stamp)


def _one(said: Reply, stamp: Stamp, *, as_json: bool) -> bytes:
    return wire.as_json(said, stamp) if as_json else wire.as_text(said, stamp)
