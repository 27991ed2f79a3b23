"""Captured jobs with their captured nonces: boards at the rate of silicon, without hashing.

Every answer was seen on real hardware, or is the block itself; each is hashed once when it is
loaded. A job that was not captured is never answered.
"""

import json
from functools import cache
from importlib.resources import files
from random import Random

from stampmill.core.backends.asic.chip.registers import VERSION_SHIFT
from stampmill.core.backends.asic.chip.table import Chip
from stampmill.core.backends.asic.wire.jobs import FullJob
from stampmill.core.emulator.boards.board import Board
from stampmill.core.emulator.boards.kinds import BoardOptions, build
from stampmill.core.emulator.chips.chain import EmulatedChain
from stampmill.core.emulator.chips.chip import EmulatedChip, Solution
from stampmill.core.emulator.chips.searching import Batch, Found, KnownAnswers
from stampmill.core.errors import UsageError

NONCE_HASHES = 1 << 32


class Arrivals:
    """Replaces the search of a chain: Poisson arrivals, as often as rate and ticket make them.

    Each is an answer to the job under way that passes the ticket; without one nothing comes.
    """

    def __init__(self, chain: EmulatedChain, answers: KnownAnswers, random: Random) -> None:
        self.missed = 0
        """Arrivals for which no answer to the job was known."""
        self._chain = chain
        self._answers = answers
        self._random = random
        self._next: float | None = None

    def __call__(self, begin: float, now: float) -> list[tuple[int, Solution]]:
        """Return what arrives between two times."""
        solutions = []
        while (at := self._due(begin)) is not None and at <= now:
            self._next = at + self._pause()
            solution = self._answer(at)
            if solution is None:
                self.missed += 1
            else:
                solutions.append(solution)
        return solutions

    def _due(self, begin: float) -> float | None:
        if self._chain.job is None or not self._rate:
            self._next = None
        elif self._next is None:
            self._next = begin + self._pause()
        return self._next

    def _pause(self) -> float:
        return self._random.expovariate(self._rate)

    @property
    def _rate(self) -> float:
        """Nonces per second."""
        chips = self._chain.chips
        hashes = sum(chip.rate for chip in chips)
        return hashes / (NONCE_HASHES << chips[0].ticket_bits)

    def _answer(self, at: float) -> tuple[int, Solution] | None:
        job = self._chain.job
        if not isinstance(job, FullJob):
            return None
        index = self._random.randrange(len(self._chain.chips))
        chip = self._chain.chips[index]
        base = int.from_bytes(job.prefix[:4], "little")
        known = [
            (Found(0, word, 0, digest), (version & ~base) >> VERSION_SHIFT)
            for version, word, digest in self._answers.of(job)
            if version & base == base and chip.reports(Found(0, word, 0, digest))
        ]
        if not known:
            return None
        found, counter = self._random.choice(known)
        return index, Solution(at, chip.reply(found, _batch(job, counter, chip)), job)


def replayed(options: BoardOptions) -> Board:
    """Return a board that replays; raise UsageError for one whose chips were never captured."""
    board = build(options, captured_answers())
    chain = board.ports[0].emulation.device
    if not isinstance(chain, EmulatedChain) or not chain.chip.rolls_versions:
        raise UsageError(f"--replay: no jobs of {options.kind} were captured")
    chain.finder = Arrivals(chain, captured_answers(), Random(options.seed))  # noqa: S311
    return board


@cache
def captured_answers() -> KnownAnswers:
    """Return the answers that are shipped."""
    return KnownAnswers(bytes.fromhex(header) for header in _shipped()["headers"])


def captured_jobs() -> tuple[bytes, ...]:
    """Return the jobs that there are answers to: 76 header bytes each, with the job's version."""
    return tuple(bytes.fromhex(prefix) for prefix in _shipped()["jobs"])


def _shipped() -> dict[str, list[str]]:
    text = files("stampmill.core.emulator").joinpath("captured.json").read_text("utf-8")
    shipped: dict[str, list[str]] = json.loads(text)
    return shipped


def _batch(job: FullJob, counter: int, chip: EmulatedChip) -> Batch:
    row: Chip = chip.options.chip
    return Batch(job, (counter,), row.cores, 25, 0, 32)
