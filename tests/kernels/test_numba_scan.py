import ast
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("numba", reason="needs the extra 'numba'")

import numpy as np

from stampmill.core.chain.known_headers import KNOWN_HEADERS
from stampmill.core.chain.sha256d import sha256d
from stampmill.kernels import numba_rows, numba_scan
from stampmill.kernels.numba_rows import LANES
from stampmill.kernels.numba_scan import CANCELLED, CANDIDATES, DONE


@pytest.fixture(scope="module")
def search(tmp_path_factory: pytest.TempPathFactory) -> numba_scan.Search:
    return numba_scan.compiled(tmp_path_factory.mktemp("cache"))


def cancel_word(value: int = 0) -> Any:
    return np.array([value], dtype=np.uint32)


def top_word(prefix: bytes, nonce: int, version: int) -> int:
    header = version.to_bytes(4, "little") + prefix[4:] + nonce.to_bytes(4, "little")
    return int.from_bytes(sha256d(header), "little") >> 224


@pytest.mark.parametrize("versions", [(1,), (1, 0x20000000), tuple(range(16))])
@pytest.mark.parametrize("first", [0, 12345, (1 << 32) - LANES])
def test_candidates_are_the_hashes_whose_top_word_is_low(
    search: numba_scan.Search, versions: tuple[int, ...], first: int
) -> None:
    prefix, bound = bytes(range(100, 176)), 1 << 30
    table = numba_scan.prepared(prefix, versions)
    why, nonce = search(table, len(versions), bound, first, first + LANES, cancel_word())
    assert (why, nonce) == (CANDIDATES, first)
    assert numba_scan.candidates(table, len(versions)) == [
        (lane, index)
        for lane in range(LANES)
        for index, version in enumerate(versions)
        if top_word(prefix, first + lane, version) <= bound
    ]


@pytest.mark.parametrize(("name", "header"), KNOWN_HEADERS[:3])
def test_stops_at_the_batch_of_a_known_nonce(
    search: numba_scan.Search, name: str, header: bytes
) -> None:
    nonce, version = int.from_bytes(header[76:], "little"), int.from_bytes(header[:4], "little")
    table = numba_scan.prepared(header[:76], (version,))
    first = nonce - 3 * LANES - 5
    why, batch = search(table, 1, 0, first, nonce + 1000, cancel_word())
    assert (why, batch) == (CANDIDATES, nonce - 5)
    assert numba_scan.candidates(table, 1) == [(5, 0)]


def test_a_range_without_candidates_is_done(search: numba_scan.Search) -> None:
    table = numba_scan.prepared(bytes(76), (1,))
    assert search(table, 1, 0, 0, 100, cancel_word()) == (DONE, 100)
    assert search(table, 1, 0, 100, 100, cancel_word()) == (DONE, 100)


def test_a_set_cancel_word_stops_before_the_first_batch(search: numba_scan.Search) -> None:
    table = numba_scan.prepared(bytes(76), (1,))
    assert search(table, 1, 0, 5, 100, cancel_word(1)) == (CANCELLED, 5)


def test_the_cache_is_kept_apart_for_each_state_of_the_sources(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Numba itself would not notice a change in the file that emits the vector operations."""
    numba_scan.compiled(tmp_path)
    before = sorted(path.name for path in tmp_path.iterdir())
    changed = tmp_path / "changed.py"
    changed.write_bytes(Path(str(numba_rows.__file__)).read_bytes() + b"\n")
    monkeypatch.setattr(numba_rows, "__file__", str(changed))
    assert numba_scan._digest() not in before


def test_the_users_choice_of_numbas_cache_is_kept(tmp_path: Path) -> None:
    chosen = numba_scan._config.CACHE_DIR
    numba_scan.compiled(tmp_path)
    assert chosen == numba_scan._config.CACHE_DIR


def test_imports_nothing_of_stampmill_but_its_own_folder() -> None:
    folder = Path(str(numba_scan.__file__)).parent
    for path in folder.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [a.name for a in node.names] if isinstance(node, ast.Import) else []
            for name in names:
                assert not name.startswith("stampmill") or name.startswith("stampmill.kernels")
                assert name.split(".")[0] in {"stampmill", "numba", "numpy", "llvmlite"} | set(
                    sys.stdlib_module_names
                )
