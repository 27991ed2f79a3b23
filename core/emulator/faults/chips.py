"""Faults inside a chain: what its chips miss, keep to themselves, or report wrongly."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random

from stampmill.core.backends.asic.chip.registers import CHIP_ID
from stampmill.core.backends.asic.chip.table import Chip
from stampmill.core.backends.asic.wire.commands import Command, Operation
from stampmill.core.backends.asic.wire.replies import NonceReply, RegisterReply, Reply
from stampmill.core.emulator.chips.chain import EmulatedChain, Tampering
from stampmill.core.emulator.chips.chip import EmulatedChip, Solution
from stampmill.core.emulator.chips.registers import RESET_BAUD
from stampmill.core.emulator.chips.searching import AnyJob
from stampmill.core.emulator.faults.catalogue import Faults, Name

_BURST, _BURST_SECONDS = 200, 0.0118


class ChipFaults(Tampering):
    """A chain's faults. Nothing happens that is not counted."""

    def __init__(self, faults: Faults, chip: Chip, random: Random, counted: Counter[str]) -> None:
        self._values = faults.values
        self._chip = chip
        self._random = random
        self._counted = counted
        self._used_ids: list[int] = []
        self._held: list[Solution] = []
        self._lost_writes: set[int] = set()
        self._stalled = False
        self._next: dict[Name, float] | None = None

    def tick(self, chain: EmulatedChain, now: float) -> None:
        """Let happen what is due by the clock, which begins with the first call."""
        if self._next is None:
            self._next = {n: now + self._values[n] for n in _TIMED if n in self._values}
        for name, at in self._next.items():
            if now >= at:
                self._next[name] = now + max(self._values[name], 0.1)
                self.strike(name, chain, now)

    def strike(self, name: Name, chain: EmulatedChain, now: float) -> None:
        """Let a stall or a brown-out happen now."""
        self._counted[name.value] += 1
        _TIMED[name](self, chain, now)

    def loses(self, request: Command | AnyJob) -> bool:
        """Lose one request in so many, or the first write to a register."""
        if isinstance(request, Command) and request.operation is Operation.CHAIN_INACTIVE:
            self._stalled = False
        return self._happens(Name.LOST_REQUEST) or self._loses_write(request)

    def reaches(self, chips: Sequence[EmulatedChip], now: float) -> int:  # noqa: ARG002
        """End the line in front of a dead chip."""
        dead = self._values.get(Name.DEAD_CHIP)
        return len(chips) if dead is None else min(int(dead), len(chips))

    def is_silent(self, index: int, now: float) -> bool:  # noqa: ARG002
        """Keep the answers of one chip."""
        return self._values.get(Name.SILENT_CHIP) == index

    def identity(self, reply: RegisterReply) -> RegisterReply:
        """Say that the chip is of another kind."""
        other = self._values.get(Name.WRONG_CHIP)
        if other is None or reply.register != CHIP_ID:
            return reply
        return replace(reply, value=int(other) << 16 | reply.value & 0xFFFF)

    def nonces(self, solution: Solution) -> list[tuple[float, Reply]]:
        """Repeat, hold back or falsify a nonce."""
        reply, at = solution.reply, solution.at
        if self._stalled:
            return []
        if self._happens(Name.STALE):
            self._held.append(solution)
            return []
        if self._happens(Name.UNKNOWN_JOB):
            return [(at, self._of_unknown_job(reply))]
        if self._happens(Name.HARDWARE_ERROR):
            return [(at, self._unsolved(reply))]
        if self._happens(Name.DUPLICATE_BURST):
            return [(at + i * _BURST_SECONDS, reply) for i in range(_BURST)]
        return [(at, reply)] * (1 + self._happens(Name.DUPLICATE))

    def new_job(self, job: AnyJob) -> list[Solution]:
        """Send what was held back, now that its job is over."""
        if job.job_id in self._used_ids:
            self._used_ids.remove(job.job_id)
        self._used_ids.append(job.job_id)
        held, self._held = self._held, []
        return held

    def baud(self, baud: float) -> float:
        """Go to half the rate that was asked for."""
        if Name.BAUD_MISMATCH not in self._values or baud <= RESET_BAUD:
            return baud
        return baud / 2

    def _happens(self, name: Name) -> bool:
        one_in = self._values.get(name)
        happens = one_in is not None and self._random.random() * max(one_in, 1) < 1
        self._counted[name.value] += happens
        return happens

    def _loses_write(self, request: Command | AnyJob) -> bool:
        register = self._values.get(Name.LOST_WRITE)
        if register is None or not isinstance(request, Command):
            return False
        is_it = request.operation is Operation.WRITE and request.register == int(register)
        if not is_it or request.register in self._lost_writes:
            return False
        self._lost_writes.add(request.register)
        self._counted[Name.LOST_WRITE.value] += 1
        return True

    def _of_unknown_job(self, reply: NonceReply) -> NonceReply:
        """Put the id of the job that is longest gone, or of none at all."""
        ids = [number for number in range(32) if number not in self._used_ids]
        wrong = self._random.choice(ids) if ids else self._used_ids[0]
        if not self._chip.rolls_versions:
            return replace(reply, chunk=wrong << 2 | reply.chunk & 3)
        shift = (self._chip.sub_cores - 1).bit_length()
        return replace(reply, chunk=reply.chunk & ~(31 << shift) | wrong << shift)

    def _unsolved(self, reply: NonceReply) -> NonceReply:
        word = int.from_bytes(reply.nonce, "big") ^ 1 << self._random.randrange(17)
        return replace(reply, nonce=word.to_bytes(4, "big"))

    def _stall(self, chain: EmulatedChain, now: float) -> None:  # noqa: ARG002
        self._stalled = True

    def _brown_out(self, chain: EmulatedChain, now: float) -> None:
        self._stalled = False
        chain.reset(now)

    def _brown_out_one(self, chain: EmulatedChain, now: float) -> None:
        chain.reset(now, [self._random.randrange(len(chain.chips))])


_Timed = Callable[[ChipFaults, EmulatedChain, float], None]
_TIMED: dict[Name, _Timed] = {
    Name.STALL: ChipFaults._stall,  # noqa: SLF001  its own class
    Name.BROWN_OUT: ChipFaults._brown_out,  # noqa: SLF001
    Name.BROWN_OUT_ONE: ChipFaults._brown_out_one,  # noqa: SLF001
}
