"""What a nonce reply says besides its nonce: who found it, for which job, under which version."""

from dataclasses import dataclass

from stampmill.core.backends.asic.chip.chain import Chain
from stampmill.core.backends.asic.chip.registers import VERSION_SHIFT, nonce_offset
from stampmill.core.backends.asic.chip.table import Chip, SweepStart
from stampmill.core.backends.asic.wire.replies import NonceReply

_CORE_BITS = 25
_JOB_BITS = 5


@dataclass(frozen=True, slots=True)
class NonceFields:
    """A reply, taken apart.

    `sub_core` is the midstate's index on chips that are given midstates. `excess` is how many zero
    bits beyond the ticket the hash has, None where the chip does not say. `version_bits` are to be
    set in the job's version.
    """

    job_id: int
    core: int
    sub_core: int
    excess: int | None
    version_bits: int


def read_fields(chip: Chip, reply: NonceReply) -> NonceFields:
    """Take a reply apart."""
    core = int.from_bytes(reply.nonce, "big") >> _CORE_BITS
    if not chip.rolls_versions:
        job, index = divmod(reply.chunk & 0xFF, 4)
        return NonceFields(job, core, index, None, 0)
    shift = _sub_core_bits(chip)
    return NonceFields(
        job_id=reply.chunk >> shift & 31,
        core=core,
        sub_core=reply.chunk & ((1 << shift) - 1),
        excess=reply.chunk >> (shift + _JOB_BITS),
        version_bits=(reply.version or 0) << VERSION_SHIFT,
    )


def chunk_of(chip: Chip, job_id: int, sub_core: int, excess: int = 0) -> int:
    """Return the two bytes behind the nonce: what `read_fields` takes apart."""
    if not chip.rolls_versions:
        return job_id << 2 | sub_core
    shift = _sub_core_bits(chip)
    return (excess << (shift + _JOB_BITS) | job_id << shift | sub_core) & 0xFFFF


def chip_index(chain: Chain, nonce: bytes) -> int | None:
    """Return the place in the chain of the chip that swept this nonce; None: none of them."""
    number = int.from_bytes(nonce, "big") & ((1 << _CORE_BITS) - 1)
    if chain.chips == 1:
        return 0
    if not chain.chip.rolls_versions:
        return None  # all chips get the same job, and divide it in a way that is not documented
    if chain.chip.start is SweepStart.ADDRESS:
        index = (number >> 17) // chain.step
    else:
        index = number * chain.chips >> _CORE_BITS
        index -= number < first_nonce(chain, index)  # offsets are rounded up
    return index if index < chain.chips else None


def first_nonce(chain: Chain, index: int) -> int:
    """Return where in each core's 25 bits of nonces a chip begins to sweep."""
    if chain.chips == 1:
        return 0
    if chain.chip.start is SweepStart.ADDRESS:
        return chain.addresses[index] >> 1 << 18
    return (nonce_offset(index, chain.chips) & 0xFFFF) << 9


def _sub_core_bits(chip: Chip) -> int:
    return (chip.sub_cores - 1).bit_length()
