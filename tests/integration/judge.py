"""Bitcoin Core's own consensus code as the judge of a regtest chain."""

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import pytest


def replay(blocks: Iterable[bytes], folder: Path) -> int:
    """Return the height that a chain of blocks reaches; fail at the first block refused.

    The blocks follow regtest's genesis block in order; `folder` is an empty one for its data.
    """
    pbk = pytest.importorskip("pbk", reason="py-bitcoinkernel is missing: run make peers")
    manager = pbk.load_chainman(folder, pbk.ChainType.REGTEST)
    height: int = manager.get_active_chain().height
    for raw in blocks:
        with suppress(pbk.ProcessBlockException):  # the height tells, also of a block on a fork
            manager.process_block(pbk.Block(raw))
        reached = manager.get_active_chain().height
        assert reached == height + 1, f"block {height + 1} was refused: {raw[:80].hex()}"
        height = reached
    return height
