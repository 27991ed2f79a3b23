"""Whole blocks, to bytes and back."""

from collections.abc import Sequence
from dataclasses import dataclass

from stampmill.core.chain.header import HEADER_SIZE, Header
from stampmill.core.errors import EncodingError
from stampmill.pool.node.template import TemplateTransaction, coinbase_with_witness
from stampmill.pool.node.transaction import Transaction
from stampmill.pool.node.wire import Reader, compact_size


@dataclass(frozen=True, slots=True)
class Block:
    """A header and its transactions, the coinbase first."""

    header: Header
    transactions: tuple[Transaction, ...]

    def to_bytes(self) -> bytes:
        """Return the serialization with witnesses."""
        bodies = b"".join(each.to_bytes() for each in self.transactions)
        return self.header.to_bytes() + compact_size(len(self.transactions)) + bodies

    @classmethod
    def from_bytes(cls, data: bytes) -> "Block":
        """Read a block; raise EncodingError unless it is exactly that."""
        reader = Reader(data)
        header = Header.from_bytes(reader.take(HEADER_SIZE))
        count = reader.compact_size()
        block = cls(header, tuple(Transaction.read(reader) for _ in range(count)))
        if reader.remaining:
            raise EncodingError(f"{reader.remaining} bytes behind the block")
        return block


def assemble(
    header: bytes,
    coinbase: bytes,
    transactions: Sequence[TemplateTransaction],
    *,
    witness: bool = True,
) -> bytes:
    """Return the bytes of a block: its 80-byte header, the coinbase that was hashed, the rest.

    The coinbase is given without witness; `witness` adds the one that segwit blocks need.
    """
    first = coinbase_with_witness(coinbase) if witness else coinbase
    count = compact_size(1 + len(transactions))
    return b"".join((header, count, first, *(each.data for each in transactions)))
