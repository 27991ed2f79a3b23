import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from stampmill.pool.payout.chains import Chain
from stampmill.pool.solo.block_folder import BlockFolder, secure
from tests.pool.node.vectors import case

RAW = bytes.fromhex(case()["block"])


@contextmanager
def no_file_over(size: int) -> Iterator[None]:
    """Let the system refuse to write more into a file, as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_block_is_written_as_submitblock_reads_it(tmp_path: Path) -> None:
    path = BlockFolder(tmp_path / "new/blocks").write(Chain.MAIN, 121, RAW)
    assert path == tmp_path / f"new/blocks/main/121-{case()['block_hash']}.hex"
    assert path.read_text() == case()["block"] + "\n"
    secure(path)


def test_a_block_may_be_written_again(tmp_path: Path) -> None:
    folder = BlockFolder(tmp_path)
    assert folder.write(Chain.MAIN, 121, RAW) == folder.write(Chain.MAIN, 121, RAW)
    assert len(list(tmp_path.rglob("*.*"))) == 1


def test_half_a_block_is_never_left_behind(tmp_path: Path) -> None:
    with no_file_over(100), pytest.raises(OSError, match="large"):
        BlockFolder(tmp_path).write(Chain.MAIN, 121, RAW)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
