"""Chips behind each other on one line: what reaches which, and who answers when."""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random

from stampmill.core.backends.asic.chip.table import Chip
from stampmill.core.backends.asic.wire.commands import Command, Operation
from stampmill.core.backends.asic.wire.frames import RequestReader
from stampmill.core.backends.asic.wire.jobs import FullJob, MidstateJob
from stampmill.core.backends.asic.wire.replies import NonceReply, RegisterReply, Reply
from stampmill.core.emulator.chips.chip import ChipOptions, EmulatedChip, Solution
from stampmill.core.emulator.chips.searching import AnyJob, Engine
from stampmill.core.emulator.chips.silicon import Conditions, error_ratio
from stampmill.core.emulator.device import Sent, same_baud

Finder = Callable[[float, float], list[tuple[int, Solution]]]
"""What replaces the chips' own search: from one time to another, chip and solution."""


@dataclass(slots=True)
class Counters:
    """What a chain has seen."""

    commands: int = 0
    jobs: int = 0
    nonces: int = 0
    errors: int = 0
    """Nonces that were wrong, at too high a clock."""
    deaf_bytes: int = 0
    """Sent at another rate than the chips listen at, or to a board without power."""
    replies: int = 0
    withheld: int = 0
    """Nonces that chips have found and never sent as they are: a fault has kept or changed them."""


class Tampering:
    """Where faults take hold of a chain; by itself it changes nothing."""

    def tick(self, chain: "EmulatedChain", now: float) -> None:
        """Let happen what is due."""

    def loses(self, request: Command | AnyJob) -> bool:  # noqa: ARG002
        """Tell whether a request gets lost on its way."""
        return False

    def reaches(self, chips: Sequence[EmulatedChip], now: float) -> int:  # noqa: ARG002
        """Return how many chips, from the first on, the line reaches."""
        return len(chips)

    def is_silent(self, index: int, now: float) -> bool:  # noqa: ARG002
        """Tell whether a chip keeps what it would send to itself."""
        return False

    def identity(self, reply: RegisterReply) -> RegisterReply:
        """Return what a chip says of itself."""
        return reply

    def nonces(self, solution: Solution) -> list[tuple[float, Reply]]:
        """Return what becomes of a solution, each with the time it is sent at."""
        return [(solution.at, solution.reply)]

    def new_job(self, job: AnyJob) -> list[Solution]:  # noqa: ARG002
        """Return what was held back and is sent because of a new job."""
        return []

    def baud(self, baud: float) -> float:
        """Return the rate that chips told to take this one do take."""
        return baud


class EmulatedChain:
    """A `Device` of `count` chips. `options.rate` is one chip's."""

    def __init__(
        self,
        options: ChipOptions,
        count: int,
        engine: Engine,
        *,
        tampering: Tampering | None = None,
        random: Random | None = None,
    ) -> None:
        self.random = random or Random(1)  # noqa: S311  it emulates, and repeats itself
        self.chips = [EmulatedChip(options, engine, self.random) for _ in range(count)]
        self.chip: Chip = options.chip
        self.awake = True
        self.conditions = Conditions()
        """Of all chips alike; where nobody says, as is usual."""
        self.counted = Counters()
        self.finder: Finder | None = None
        self.job: AnyJob | None = None
        self._tampering = tampering or Tampering()
        self._reader = RequestReader(self.chip.form)
        self._sent: list[Sent] = []
        self._at = 0.0

    @property
    def baud(self) -> float:
        """The rate of the chip next to the host."""
        return self._baud_of(self.chips[0])

    def set_awake(self, awake: bool, now: float) -> None:
        """Give power and let reset go, or not; whoever wakes knows nothing of before."""
        if awake != self.awake:
            self.advance(now)
            self.awake = awake
            self.reset(now)

    def reset(self, now: float, chips: Sequence[int] | None = None) -> None:
        """Put chips, or all of them, into their state after a reset."""
        self._at = now
        for index in range(len(self.chips)) if chips is None else chips:
            self.chips[index].reset(now)
        if chips is None:
            self.job = None
            self._reader = RequestReader(self.chip.form)

    def feed(self, data: bytes, now: float, baud: float) -> None:
        """Take bytes from the host."""
        self.advance(now)
        if not self.awake or not any(self._hears(chip, baud, now) for chip in self._line(now)):
            self.counted.deaf_bytes += len(data)
            return
        for request in self._reader.feed(data):
            if self._tampering.loses(request):
                continue
            if isinstance(request, Command):
                self.counted.commands += 1
                self._obey(request, now, baud)
            else:
                self.counted.jobs += 1
                self._hand_out(request, now, baud)

    def advance(self, now: float) -> None:
        """Let every chip hash until now."""
        self._tampering.tick(self, now)
        begin, self._at = self._at, max(self._at, now)
        if not self.awake or now <= begin:
            return
        found = self.finder(begin, now) if self.finder else self._searched(now)
        for index, right in found:
            solution = self._calculated(self.chips[index], right)
            self._report(index, solution, silent=self._tampering.is_silent(index, now))

    def sent(self) -> list[Sent]:
        """Return what the chips sent until now, in order of time."""
        self._sent.sort(key=lambda one: one.at)
        due = bisect_right(self._sent, self._at, key=lambda one: one.at)
        sent, self._sent = self._sent[:due], self._sent[due:]
        self.counted.replies += len(sent)
        self.counted.nonces += sum(one.is_nonce for one in sent)
        return sent

    def counters(self) -> dict[str, float]:
        """Return what was counted, and how the chips stand."""
        counted = self.counted
        return {
            "chips": len(self.chips),
            "mhz": self.chips[0].registers.mhz,
            "baud": round(self.baud),
            "epoch_seconds": round(self.chips[0].epoch_seconds, 3),
            "odd_clocks": sum(chip.odd_clocks for chip in self.chips),
            "clock_jumps": sum(chip.clock_jumps for chip in self.chips),
            "hashes": sum(chip.hashes for chip in self.chips),
            "commands": counted.commands,
            "jobs": counted.jobs,
            "nonces": counted.nonces,
            "errors": counted.errors,
            "replies": counted.replies,
            "nonces_withheld": counted.withheld,
            "deaf_bytes": counted.deaf_bytes,
            "discarded_bytes": self._reader.discarded,
            "damaged_frames": self._reader.damaged,
        }

    def _line(self, now: float) -> Sequence[EmulatedChip]:
        return self.chips[: self._tampering.reaches(self.chips, now)]

    def _hears(self, chip: EmulatedChip, baud: float, now: float) -> bool:
        return now >= chip.deaf_until and same_baud(baud, self._baud_of(chip))

    def _baud_of(self, chip: EmulatedChip) -> float:
        return self._tampering.baud(chip.registers.baud)

    def _reached(self, now: float, baud: float) -> Iterator[tuple[int, EmulatedChip]]:
        """Yield the chips that a frame comes by: as far as all before them forward it."""
        for index, chip in enumerate(self._line(now)):
            if self._hears(chip, baud, now):
                yield index, chip
            if not chip.forwards:
                return

    def _obey(self, command: Command, now: float, baud: float) -> None:
        # Whether a chip forwards is decided before this command changes it.
        reached = list(self._reached(now, baud))
        match command.operation:
            case Operation.CHAIN_INACTIVE:
                for _, chip in reached:
                    chip.close()
            case Operation.SET_ADDRESS:
                closed = next((chip for _, chip in reached if not chip.forwards), None)
                if closed is not None:
                    closed.take_address(command.address)
            case Operation.WRITE:
                for _, chip in _meant(reached, command):
                    chip.write(command.register, command.value)
            case Operation.READ:
                for index, chip in _meant(reached, command):
                    if not self._tampering.is_silent(index, now):
                        answer = self._tampering.identity(chip.read(command.register))
                        self._send(index, [(now, answer)])

    def _hand_out(self, job: FullJob | MidstateJob, now: float, baud: float) -> None:
        self.job = job
        for _, chip in self._reached(now, baud):
            chip.take_job(job, now)
        late = self._tampering.new_job(job)
        self.counted.withheld -= sum(solution.asked for solution in late)
        for solution in late:
            self._send(0, [(now, solution.reply)], solution)

    def _searched(self, now: float) -> list[tuple[int, Solution]]:
        line = self._line(now)
        return [(i, solution) for i, chip in enumerate(line) for solution in chip.advance(now)]

    def _calculated(self, chip: EmulatedChip, solution: Solution) -> Solution:
        """Return what a chip makes of what it found, at its clock, voltage and warmth."""
        ratio = error_ratio(chip.registers.mhz, self.chip.default_mhz, self.conditions)
        if ratio <= 0 or self.random.random() >= ratio:
            return solution
        self.counted.errors += 1
        wrong = int.from_bytes(solution.reply.nonce, "big") ^ 1 << self.random.randrange(17)
        reply = replace(solution.reply, nonce=wrong.to_bytes(4, "big"))
        return solution._replace(reply=reply, asked=False)

    def _report(self, index: int, solution: Solution, *, silent: bool) -> None:
        replies = [] if silent else self._tampering.nonces(solution)
        kept = all(reply != solution.reply for _, reply in replies)
        self.counted.withheld += kept and solution.asked
        self._send(index, replies, solution)

    def _send(
        self, index: int, replies: Sequence[tuple[float, Reply]], solution: Solution | None = None
    ) -> None:
        baud = self._baud_of(self.chips[index])
        for at, reply in replies:
            is_nonce = isinstance(reply, NonceReply)
            is_right = solution is not None and solution.asked and reply == solution.reply
            self._sent.append(Sent(at, reply.encode(), baud, is_nonce, is_right))


def _meant(
    reached: Sequence[tuple[int, EmulatedChip]], command: Command
) -> Iterator[tuple[int, EmulatedChip]]:
    """Yield the chips that a command is for: before it has addresses, a chain is all address 0."""
    for index, chip in reached:
        if command.all_chips or chip.address == command.address:
            yield index, chip
