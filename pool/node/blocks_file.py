"""A file of blocks in the layout of Bitcoin Core's blk*.dat, which `bitcoind -loadblock` reads."""

from collections.abc import Iterator
from pathlib import Path

from stampmill.core.errors import EncodingError
from stampmill.pool.node.regtest import MAGIC
from stampmill.pool.node.wire import Reader


class BlocksFile:
    """Appends each block as it comes; what is written is never kept in memory."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, raw: bytes) -> None:
        """Add one block: magic, length, bytes."""
        with self.path.open("ab") as file:
            file.write(MAGIC + len(raw).to_bytes(4, "little") + raw)


def read_blocks(path: Path) -> Iterator[bytes]:
    """Yield the blocks of a file in order; raise EncodingError where it is damaged."""
    reader = Reader(path.read_bytes())
    while reader.remaining:
        if reader.take(4) != MAGIC:
            raise EncodingError(f"{path}: no block at byte {reader.position - 4}")
        yield reader.take(reader.unsigned(4))
