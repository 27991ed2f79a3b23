import errno
import os
import socket
from pathlib import Path

import pytest

from stampmill.core.operate.ports import holder_of, why_not


@pytest.fixture
def taken():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="no /proc/net/tcp here")
def test_who_has_a_port_is_named(taken: int) -> None:
    assert f"(process {os.getpid()})" in (holder_of(taken) or "")
    text = why_not(OSError(errno.EADDRINUSE, "in use"), "127.0.0.1", taken)
    assert text.startswith(f"127.0.0.1:{taken} is in use by ")


def test_where_it_cannot_be_told_it_is_left_out(taken: int, tmp_path: Path) -> None:
    text = why_not(OSError(errno.EADDRINUSE, "in use"), "127.0.0.1", taken, tmp_path)
    assert text == f"127.0.0.1:{taken} is in use"


def test_a_process_of_somebody_else_is_passed_over(taken: int, tmp_path: Path) -> None:
    line = f"0: 0100007F:{taken:04X} 00000000:0000 0A 0:0 00:0 0 0 0 77 1"
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "tcp").write_text(f"header\n{line}\n")
    (tmp_path / "12").mkdir()
    assert holder_of(taken, tmp_path) is None
    (tmp_path / "13" / "fd").mkdir(parents=True)
    (tmp_path / "13" / "fd" / "3").symlink_to("socket:[77]")
    assert holder_of(taken, tmp_path) == "a process (process 13)"


def test_other_reasons_are_said_too() -> None:
    assert "below 1024" in why_not(OSError(errno.EACCES, "denied"), "0.0.0.0", 80)
    assert why_not(OSError(errno.EADDRNOTAVAIL, "no such address"), "1.2.3.4", 5) == (
        "1.2.3.4:5: no such address"
    )
