"""Transactions with and without witness (BIP141, BIP144), to bytes and back."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from stampmill.core.chain.sha256d import sha256d
from stampmill.core.errors import EncodingError
from stampmill.pool.node.wire import Reader, compact_size, sized

FINAL_SEQUENCE = 0xFFFFFFFF
SEGWIT_MARKER = b"\x00\x01"
"""Marker and flag behind the version: a witness follows the outputs (BIP144)."""


@dataclass(frozen=True, slots=True)
class OutPoint:
    """One output of one transaction; the txid is in internal byte order."""

    txid: bytes
    index: int

    def to_bytes(self) -> bytes:
        """Return the 36 bytes of an input's reference."""
        return self.txid + self.index.to_bytes(4, "little")


COINBASE_OUTPOINT = OutPoint(bytes(32), 0xFFFFFFFF)
"""What the input of a coinbase spends: nothing."""


@dataclass(frozen=True, slots=True)
class TxInput:
    """An output to be spent, and what satisfies its script."""

    previous: OutPoint
    script: bytes = b""
    sequence: int = FINAL_SEQUENCE
    witness: tuple[bytes, ...] = ()

    def to_bytes(self) -> bytes:
        """Return the input without its witness."""
        return self.previous.to_bytes() + sized(self.script) + self.sequence.to_bytes(4, "little")


@dataclass(frozen=True, slots=True)
class TxOutput:
    """A value in satoshi and the script that guards it."""

    value: int
    script: bytes

    def to_bytes(self) -> bytes:
        """Return the output as a transaction holds it."""
        return self.value.to_bytes(8, "little") + sized(self.script)


@dataclass(frozen=True, slots=True)
class Transaction:
    """A whole transaction."""

    version: int
    inputs: tuple[TxInput, ...]
    outputs: tuple[TxOutput, ...]
    lock_time: int = 0

    @property
    def is_coinbase(self) -> bool:
        """Tell whether it makes money: its one input spends nothing."""
        return len(self.inputs) == 1 and self.inputs[0].previous == COINBASE_OUTPOINT

    @property
    def has_witness(self) -> bool:
        """Tell whether any input carries a witness."""
        return any(spent.witness for spent in self.inputs)

    def to_bytes(self) -> bytes:
        """Return the full serialization, with the witness if there is one."""
        if not self.has_witness:
            return self.without_witness()
        witness = b"".join(_witness_bytes(spent.witness) for spent in self.inputs)
        return self._serialized(SEGWIT_MARKER, witness)

    def without_witness(self) -> bytes:
        """Return the serialization that the txid is made of."""
        return self._serialized(b"", b"")

    def txid(self) -> bytes:
        """Return the id, internal byte order, which no witness changes."""
        return sha256d(self.without_witness())

    def wtxid(self) -> bytes:
        """Return the id with the witness, internal byte order."""
        return sha256d(self.to_bytes())

    def weight(self) -> int:
        """Return the weight units: witness bytes count once, all others four times (BIP141)."""
        return 3 * len(self.without_witness()) + len(self.to_bytes())

    @classmethod
    def from_bytes(cls, data: bytes) -> "Transaction":
        """Read one transaction; raise EncodingError unless it is exactly that."""
        reader = Reader(data)
        transaction = cls.read(reader)
        if reader.remaining:
            raise EncodingError(f"{reader.remaining} bytes behind the transaction")
        return transaction

    @classmethod
    def read(cls, reader: Reader) -> "Transaction":
        """Read a transaction where the reader stands; raise EncodingError."""
        version = reader.unsigned(4)
        segwit = reader.peek(2) == SEGWIT_MARKER
        if segwit:
            reader.take(2)
        inputs = _many(reader, _read_input)
        outputs = _many(reader, _read_output)
        if segwit:
            inputs = tuple(replace(spent, witness=_many(reader, Reader.sized)) for spent in inputs)
        transaction = cls(version, inputs, outputs, reader.unsigned(4))
        if segwit and not transaction.has_witness:
            raise EncodingError("a transaction announces a witness and has none")
        return transaction

    def _serialized(self, marker: bytes, witness: bytes) -> bytes:
        return b"".join((
            self.version.to_bytes(4, "little"),
            marker,
            compact_size(len(self.inputs)),
            *(spent.to_bytes() for spent in self.inputs),
            compact_size(len(self.outputs)),
            *(output.to_bytes() for output in self.outputs),
            witness,
            self.lock_time.to_bytes(4, "little"),
        ))  # fmt: skip


Item = TypeVar("Item")


def _many(reader: Reader, read: Callable[[Reader], Item]) -> tuple[Item, ...]:
    # Lazily: a count that lies about what follows must not reserve memory.
    return tuple(read(reader) for _ in range(reader.compact_size()))


def _read_input(reader: Reader) -> TxInput:
    previous = OutPoint(reader.take(32), reader.unsigned(4))
    return TxInput(previous, reader.sized(), reader.unsigned(4))


def _read_output(reader: Reader) -> TxOutput:
    return TxOutput(reader.unsigned(8), reader.sized())


def _witness_bytes(stack: tuple[bytes, ...]) -> bytes:
    return compact_size(len(stack)) + b"".join(sized(item) for item in stack)
