"""`stampmill emulate` as a user meets it, and a miner in another process at its board."""

import json
import os
import signal
import time
from pathlib import Path

import pytest

from stampmill.core import native
from stampmill.core.cli.main import main
from stampmill.core.emulator.boards.kinds import KINDS
from stampmill.core.emulator.faults.catalogue import Name

pytestmark = pytest.mark.skipif(not native.available(), reason=native.why_unavailable() or "built")


@pytest.fixture
def command(capsys):
    """Run the command in this process, which starts faster; return its code and what it said."""

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(["emulate", *arguments])
        return code, *capsys.readouterr()

    return run


def lines(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def wait_for(path: Path, seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not path.exists():
        assert time.monotonic() < end, f"{path} does not appear"
        time.sleep(0.02)


def test_it_says_what_it_emulates_where_and_how_easy_it_is(stampmill, tmp_path):
    link = tmp_path / "board"
    done = stampmill("emulate", "bm1370", "--link", str(link), "--time-limit", "0.1")
    assert done.code == 0
    first, second, third = done.out.splitlines()[:3]
    assert "1 x BM1370, 1.00 MH/s" in first
    assert "12 zero bits, where silicon wants 32" in second
    assert "/dev/pts/" in third
    assert str(link) in third
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_be_started_and_tells_of_itself_in_json(command, kind, tmp_path):
    link = tmp_path / "board"
    _, out, _ = command(kind, "--link", str(link), "--time-limit", "0.1", "--json")
    opened, *_, ended = lines(out)
    assert (opened["event"], opened["kind"], ended["event"]) == ("open", kind, "end")
    assert opened["zero_bits"] in {12, 20}
    assert set(opened["ports"]) == ({"data", "control"} if KINDS[kind].second else {"data"})


def test_the_file_beside_the_link_tells_the_driver(start, tmp_path):
    link = tmp_path / "board"
    process = start("emulate", "bitaxe-gamma", "--link", str(link), "--zero-bits", "9")
    wait_for(link)
    told = json.loads((tmp_path / "board.json").read_text())
    assert (told["zero_bits"], told["hashrate"], told["chip"]) == (9, 1e6, "BM1370")
    assert told["control"] == f"{link}.control"
    assert (tmp_path / "board.control").is_symlink()
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0
    assert list(tmp_path.iterdir()) == []


def test_an_interrupt_ends_it_cleanly(start, tmp_path):
    link = tmp_path / "board"
    process = start("emulate", "erupter", "--link", str(link), "--json", "--quiet")
    wait_for(link)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=10)
    assert process.returncode == 0
    assert lines(out)[-1]["event"] == "end"
    assert not link.exists()


def test_unplugged_it_comes_back_by_another_name(start, tmp_path):
    link = tmp_path / "board"
    process = start(
        "emulate", "bm1370", "--link", str(link), "--fault", "unplug:0.3", "--time-limit", "3.2",
        "--json", "--quiet",
    )  # fmt: skip
    wait_for(link)
    before = os.readlink(link)
    while link.is_symlink():
        time.sleep(0.01)
    wait_for(link)
    assert os.readlink(link) != before
    out, _ = process.communicate(timeout=10)
    assert [line["event"] for line in lines(out)][1] == "unplugged"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "emulate what?"),
        (("bm1371",), "no board 'bm1371' to emulate; there are bm1370"),
        (("bm1370", "--chips", "129"), "--chips 129"),
        (("icarus", "--chips", "2"), "--chips 2"),
        (("bm1370", "--zero-bits", "33"), "--zero-bits 33"),
        (("bm1370", "--hashrate", "0"), "--hashrate 0"),
        (("bm1370", "--fault", "flippedbit"), "did you mean 'flipped-bit'"),
        (("bm1370", "--link", "/nowhere/board"), "no folder /nowhere"),
        (("bm1370", "--fault", "stuck-fan"), "a bm1370 cannot have the fault stuck-fan"),
        (("icarus", "--fault", "dead-chip"), "a icarus cannot have the fault dead-chip"),
        (("bm1370", "--firmware", "v1"), "--firmware v1: a bm1370 has no bridge"),
        (("icarus", "--replay"), "no jobs of icarus were captured"),
    ],
)
def test_what_cannot_be_is_one_line_and_exit_2(command, arguments, said):
    code, out, err = command(*arguments)
    assert (code, out) == (2, "")
    (line,) = err.splitlines()
    assert said in line


def test_a_link_never_replaces_a_real_file(command, tmp_path):
    (tmp_path / "board").write_text("mine")
    code, _, _ = command("bm1370", "--link", str(tmp_path / "board"), "--time-limit", "1")
    assert code == 2
    assert (tmp_path / "board").read_text() == "mine"


def test_kinds_and_faults_are_listed(command):
    assert all(kind in command("--list")[1] for kind in KINDS)
    _, faults, _ = command("bm1370", "--fault", "list")
    assert all(name.value in faults for name in Name)


@pytest.mark.parametrize(
    ("kind", "more"),
    [("bm1370", ()), ("bm1362", ("--chips", "4", "--fault", "flipped-bit:10"))],
)
def test_a_miner_in_another_process_gets_shares_accepted(start, stampmill, tmp_path, kind, more):
    link = tmp_path / "board"
    emulator = start("emulate", kind, "--link", str(link), "--json", "--quiet", *more)
    wait_for(link)
    done = stampmill("mine", "-d", f"asic:{link}", "--json", "-q", "--time-limit", "4")
    emulator.send_signal(signal.SIGTERM)
    out, _ = emulator.communicate(timeout=10)
    assert done.code == 0, done.err
    report = done.json
    assert report["pool"] == "embedded"
    assert report["accepted"] > 0
    assert report["rejected"] == report["hardware_errors"] == 0
    assert lines(out)[-1]["nonces"] >= report["accepted"]
