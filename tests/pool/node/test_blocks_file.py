from pathlib import Path

import pytest

from stampmill.core.errors import EncodingError
from stampmill.pool.node.blocks_file import BlocksFile, read_blocks

from .worlds import new_chain


def test_chain_written_to_a_file_reads_back(tmp_path: Path) -> None:
    kept: list[bytes] = []
    file = BlocksFile(tmp_path / "blk00000.dat")

    def keep(raw: bytes) -> None:
        kept.append(raw)
        file.append(raw)

    new_chain(on_block=keep)
    assert list(read_blocks(file.path)) == kept
    assert len(kept) == 105


def test_layout_is_that_of_a_node(tmp_path: Path) -> None:
    file = BlocksFile(tmp_path / "blocks")
    file.append(b"block")
    assert file.path.read_bytes().hex() == "fabfb5da" + "05000000" + b"block".hex()


@pytest.mark.parametrize("damaged", [b"x" * 20, b"\xfa\xbf\xb5\xda\x05\x00\x00\x00blo"])
def test_damage_is_told(tmp_path: Path, damaged: bytes) -> None:
    path = tmp_path / "blocks"
    path.write_bytes(damaged)
    with pytest.raises(EncodingError):
        list(read_blocks(path))
