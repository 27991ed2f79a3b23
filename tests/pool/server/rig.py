"""A pool without sockets: scripted miners talk to it in raw JSON, on clocks that a test turns.

What a miner does is computed here apart from the server's code: from the text of the job, with
hashlib.
"""

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from random import Random
from typing import Any

from stampmill.pool.node.chain import Node, RegtestChain
from stampmill.pool.server.events import PoolEvent
from stampmill.pool.server.options import PoolOptions
from stampmill.pool.server.pool_core import PoolCore, PoolWorld
from stampmill.pool.server.session import MinerSession

START = 1_700_000_000
EASY = 1e-9
"""Four hashes a share."""
DIFFICULTY_1 = 0xFFFF << 208

Json = Any


@dataclass
class Clocks:
    """The wall clock and the monotonic clock, moved together by hand."""

    wall: float = START
    monotonic: float = 1000.0

    def advance(self, seconds: float) -> None:
        self.wall += seconds
        self.monotonic += seconds


@dataclass
class Wire:
    """The miner's end of a connection: the lines that the server sent."""

    peer: str = "192.0.2.1:4000"
    lines: list[dict[str, Json]] = field(default_factory=list)
    closed: bool = False

    def write(self, data: bytes) -> None:
        assert not self.closed, "the server writes to a connection that it closed"
        assert data.endswith(b"\n")
        self.lines += [json.loads(line) for line in data.splitlines()]

    def close(self) -> None:
        self.closed = True


@dataclass(frozen=True)
class WireJob:
    """A job as it came, every field still text."""

    params: tuple[Json, ...]
    difficulty: float
    extranonce1: str

    @property
    def id(self) -> str:
        return str(self.params[0])

    @property
    def ntime(self) -> str:
        return str(self.params[7])

    @property
    def clean(self) -> bool:
        return bool(self.params[8])

    def hash(self, extranonce2: str, ntime: str, nonce: str, bits: str | None = None) -> int:
        """The header's hash as a number, by the rules of the wire alone."""
        _, previous, coinbase1, coinbase2, branch, version, nbits, _, _ = self.params
        root = dsha(bytes.fromhex(coinbase1 + self.extranonce1 + extranonce2 + coinbase2))
        for entry in branch:
            root = dsha(root + bytes.fromhex(entry))
        rolled = int(version, 16) | int(bits or "0", 16)
        header = rolled.to_bytes(4, "little")
        for start in range(0, 64, 8):
            header += bytes.fromhex(previous[start : start + 8])[::-1]
        header += root
        for number in (ntime, nbits, nonce):
            header += bytes.fromhex(number)[::-1]
        assert len(header) == 80
        return int.from_bytes(dsha(header), "little")

    def shares(
        self,
        *,
        difficulty: float | None = None,
        below: float | None = None,
        extranonce2: str = "00000000",
        ntime: str | None = None,
        bits: str | None = None,
    ) -> Iterator[list[str]]:
        """Submit parameters behind the worker's name, of hashes in [difficulty, below)."""
        ntime = ntime or self.ntime
        least = self.difficulty if difficulty is None else difficulty
        for number in itertools.count():
            nonce = f"{number:08x}"
            digest = self.hash(extranonce2, ntime, nonce, bits)
            good = least * digest <= DIFFICULTY_1
            if good and (below is None or below * digest > DIFFICULTY_1):
                yield [self.id, extranonce2, ntime, nonce, *([] if bits is None else [bits])]


@dataclass
class Miner:
    """A scripted miner."""

    session: MinerSession
    wire: Wire
    clocks: Clocks
    extranonce1: str = ""
    user: str = "w"
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def send(self, line: dict[str, Json] | bytes) -> None:
        data = line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n"
        self.session.receive(data, self.clocks.monotonic)

    def ask(self, method: str, params: Json) -> dict[str, Json]:
        """Send a request and return its answer."""
        number = next(self._numbers)
        self.send({"id": number, "method": method, "params": params})
        answers = [
            line for line in self.wire.lines if "method" not in line and line["id"] == number
        ]
        assert len(answers) == 1, f"{len(answers)} answers to {method}"
        return answers[0]

    def subscribe(self) -> None:
        self.extranonce1 = self.ask("mining.subscribe", ["rig/1.0"])["result"][1]

    def login(self, user: str = "w", mask: str | None = None, password: str = "x") -> "Miner":
        """Go through the usual start of a session."""
        if mask is not None:
            options = {"version-rolling.mask": mask}
            self.ask("mining.configure", [["version-rolling"], options])
        self.user = user
        self.subscribe()
        assert self.ask("mining.authorize", [user, password])["result"] is True
        return self

    def calls(self, method: str) -> list[list[Json]]:
        return [line["params"] for line in self.wire.lines if line.get("method") == method]

    def jobs(self) -> list[WireJob]:
        """All jobs, each with the difficulty that stood in front of it."""
        jobs, difficulty = [], 1.0
        for line in self.wire.lines:
            if line.get("method") == "mining.set_difficulty":
                difficulty = line["params"][0]
            elif line.get("method") == "mining.notify":
                jobs.append(WireJob(tuple(line["params"]), difficulty, self.extranonce1))
        return jobs

    @property
    def job(self) -> WireJob:
        return self.jobs()[-1]

    def submit(self, share: list[str], user: str | None = None) -> str:
        """Return "ok" or the error's code and text."""
        answer = self.ask("mining.submit", [self.user if user is None else user, *share])
        if answer["error"] is None:
            assert answer["result"] is True
            return "ok"
        code, text, nothing = answer["error"]
        assert (answer["result"], nothing) == (None, None)
        return f"{code} {text}"

    def mine(self, shares: int = 1) -> None:
        """Submit good shares of the newest job, each of a fresh extranonce2."""
        for number in range(shares):
            extranonce2 = f"{number + 0x10000 * next(self._numbers):08x}"
            assert self.submit(next(self.job.shares(extranonce2=extranonce2))) == "ok"


class Rig:
    """A pool core on a chain, and miners connected to it."""

    def __init__(self, node: Node | None = None, **options: Any) -> None:
        options.setdefault("fixed_difficulty", EASY)
        options.setdefault("block_every", 0)
        self.clocks = Clocks()
        self.events: list[PoolEvent] = []
        self.blocks: list[bytes] = []
        self.chain = RegtestChain(self.wall, Random(1), premined=101, on_block=self.blocks.append)
        world = PoolWorld(self.wall, self.now, Random(2), self.events.append)
        self.core = PoolCore(PoolOptions(**options), node or self.chain, world)

    def wall(self) -> float:
        return self.clocks.wall

    def now(self) -> float:
        return self.clocks.monotonic

    def connect(self) -> Miner:
        wire = Wire()
        session = self.core.connect(wire, self.now())
        assert session is not None
        return Miner(session, wire, self.clocks)

    def login(self, **how: Any) -> Miner:
        return self.connect().login(**how)

    def pass_time(self, seconds: float, step: float = 0.25) -> None:
        """Let time pass as the server sees it."""
        for _ in range(round(seconds / step)):
            self.clocks.advance(step)
            self.core.tick(self.now())

    def told(self) -> list[str]:
        return [event.kind.value for event in self.events]


def dsha(data: bytes) -> bytes:
    return sha256(sha256(data).digest()).digest()
