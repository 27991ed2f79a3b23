"""A chain of BM13xx chips at work: jobs out, nonces in."""

from collections.abc import Sequence

from stampmill.core.backends.asic.board.base import Found, LineCounters
from stampmill.core.backends.asic.board.jobs import job_frame
from stampmill.core.backends.asic.board.tuned_chain import TunedChain
from stampmill.core.backends.asic.chip import registers
from stampmill.core.backends.asic.chip.bringup import placeholder_id, roll_versions, ticket
from stampmill.core.backends.asic.chip.nonces import chip_index, read_fields
from stampmill.core.backends.asic.link.errors import PortGoneError
from stampmill.core.backends.asic.link.port import Port
from stampmill.core.backends.asic.wire.frames import ReplyReader
from stampmill.core.backends.asic.wire.replies import LONG_REPLY, SHORT_REPLY, NonceReply
from stampmill.core.job import Work


class ChipLine:
    """The data side of a board whose chips have been brought up."""

    def __init__(self, port: Port, tuned: TunedChain, overheard: Sequence[NonceReply] = ()) -> None:
        self.port = port
        self.tuned = tuned
        self.unexpected_replies = self.placeholder_nonces = 0
        self.notices: list[str] = []
        self._chip = tuned.chain.chip
        size = LONG_REPLY if self._chip.rolls_versions else SHORT_REPLY
        self._reader = ReplyReader((size,))
        self._overheard = overheard
        """Came while the chips were set up: of jobs that may still count."""
        self._placeholder = placeholder_id(tuned.chain)
        self._mask: int | None = None
        self._ticket: int | None = None

    def set_ticket(self, bits: int) -> None:
        """Report only hashes with so many zero bits beyond the chips' own."""
        if bits != self._ticket:
            self.port.write(ticket(bits).encode())
            self._ticket = bits

    def repeat_settings(self) -> None:
        """Send ticket and version mask again with the next job."""
        self._mask = self._ticket = None

    def start(self, job_id: int, work: Work) -> None:
        """Hand a job to the line, behind what versions it may be rolled to if that is new."""
        mask = work.job.version_mask & ~work.job.version & registers.VERSION_BITS
        if self._chip.rolls_versions and mask != self._mask:
            self.port.write(roll_versions(mask).encode())
            self._mask = mask
            self._warn_of_few_versions(mask)
        self.port.write(job_frame(self._chip, job_id, work).encode())

    async def hear(self) -> Sequence[Found]:
        """Return the nonces in what comes next; raise PortGoneError."""
        if self._overheard:
            nonces, self._overheard = self._overheard, ()
            return self._all_found(nonces)
        data = await self.port.read()
        if not data:
            raise PortGoneError(self.port.name)
        replies = self._reader.feed(data)
        nonces = [reply for reply in replies if isinstance(reply, NonceReply)]
        self.unexpected_replies += len(replies) - len(nonces)
        return self._all_found(nonces)

    def counters(self) -> LineCounters:
        """Return what was wrong on the line."""
        reader = self._reader
        return LineCounters(
            reader.discarded,
            reader.damaged,
            self.unexpected_replies,
            placeholder_nonces=self.placeholder_nonces,
        )

    def _warn_of_few_versions(self, mask: int) -> None:
        bits = mask.bit_count()
        if mask != registers.VERSION_BITS:
            self.notices.append(
                f"{self.port.name}: versions may be rolled in {bits} bits, not 16: how the chips "
                "take that is not documented, and they may hash the same several times"
            )

    def _all_found(self, nonces: Sequence[NonceReply]) -> list[Found]:
        found = [self._found(reply) for reply in nonces]
        ours = [one for one in found if one.job_id != self._placeholder]
        self.placeholder_nonces += len(found) - len(ours)
        return ours

    def _found(self, reply: NonceReply) -> Found:
        fields = read_fields(self._chip, reply)
        return Found(
            fields.job_id,
            int.from_bytes(reply.nonce, "little"),
            fields.version_bits if self._chip.rolls_versions else fields.sub_core,
            chip_index(self.tuned.chain, reply.nonce),
        )
