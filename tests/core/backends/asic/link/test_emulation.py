import os
import pty
from collections.abc import Iterator
from pathlib import Path

import pytest

from stampmill.core.backends.asic.link.emulation import Emulation, emulation_of


@pytest.fixture
def link(tmp_path: Path) -> Iterator[Path]:
    master, slave = pty.openpty()
    path = tmp_path / "board"
    path.symlink_to(os.ttyname(slave))
    yield path
    os.close(master)
    os.close(slave)


def tell(link: Path, text: str) -> None:
    link.with_name(f"{link.name}.json").write_text(text)


def test_an_emulator_tells_its_zero_bits_and_rate(link: Path) -> None:
    tell(link, '{"zero_bits": 20, "hashrate": 1e6, "kind": "bm1370"}')
    assert emulation_of(str(link)) == Emulation(20, 1e6, "bm1370")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"zero_bits": "many"}', '{"zero_bits": null}'])
def test_an_emulator_that_tells_nothing_is_as_hard_as_silicon(link: Path, text: str) -> None:
    tell(link, text)
    assert emulation_of(str(link)) == Emulation(32, None)


def test_no_emulator_is_easier_than_every_hash_or_harder_than_silicon(link: Path) -> None:
    tell(link, '{"zero_bits": -5}')
    assert emulation_of(str(link)) == Emulation(0)
    tell(link, '{"zero_bits": 99}')
    assert emulation_of(str(link)) == Emulation(32)


def test_a_file_beside_a_real_port_is_not_read(tmp_path: Path) -> None:
    port = tmp_path / "ttyUSB0"
    port.touch()
    tell(port, '{"zero_bits": 1}')
    assert emulation_of(str(port)) is None
    assert emulation_of("socket://127.0.0.1:1") is None
