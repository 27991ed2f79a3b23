import os
from pathlib import Path

import pytest

from stampmill.core.backends.asic.link import serial_port
from stampmill.core.backends.asic.link.errors import PortBusyError
from stampmill.core.backends.asic.link.holders import lock_holders, open_holders


def make_process(proc: Path, pid: int, name: str, opens: Path) -> None:
    (proc / str(pid) / "fd").mkdir(parents=True)
    (proc / str(pid) / "comm").write_text(f"{name}\n")
    (proc / str(pid) / "fd" / "3").symlink_to(opens)


def test_who_has_a_device_open_is_found_by_its_descriptors(tmp_path: Path) -> None:
    device, proc = tmp_path / "ttyUSB0", tmp_path / "proc"
    device.touch()
    make_process(proc, 41, "screen", device)
    make_process(proc, 42, "bash", tmp_path)
    make_process(proc, os.getpid(), "ourselves", device)
    (proc / "43").mkdir()  # another user's: its descriptors are not ours to see
    (proc / "self").mkdir()
    link = tmp_path / "link"
    link.symlink_to(device)
    assert open_holders(str(link), proc) == ("screen (pid 41)",)


def test_who_waits_for_a_lock_does_not_hold_it(tmp_path: Path) -> None:
    device, proc = tmp_path / "ttyUSB0", tmp_path / "proc"
    device.touch()
    make_process(proc, 41, "miner", device)
    status = device.stat()
    file = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
    (proc / "locks").write_text(
        f"1: FLOCK  ADVISORY  WRITE 41 {file} 0 EOF\n"
        f"1: -> FLOCK  ADVISORY  WRITE 42 {file} 0 EOF\n"
        "2: POSIX  ADVISORY  READ 43 00:01:99 0 EOF\n"
    )
    assert lock_holders(str(device), proc) == ("miner (pid 41)",)


def test_without_proc_nobody_is_named(tmp_path: Path) -> None:
    assert lock_holders(str(tmp_path), tmp_path) == ()
    assert lock_holders(str(tmp_path / "gone"), tmp_path) == ()


def test_a_real_port_that_another_has_open_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = tmp_path / "ttyUSB0"
    device.touch()
    monkeypatch.setattr(serial_port, "open_holders", lambda _: ("minicom (pid 7)",))
    with pytest.raises(PortBusyError, match=r"in use by minicom \(pid 7\): stop that first"):
        serial_port._refuse_shared(str(device))


def test_nobody_to_name_is_said_too() -> None:
    assert "a program of another user" in str(PortBusyError("/dev/ttyUSB0", ()))
