"""Our own pool, seen by a client and a judge that are not ours."""

import signal
from pathlib import Path

from stampmill.core.errors import ExitCode
from stampmill.pool.node.blocks_file import read_blocks

from .conftest import Launch
from .judge import replay
from .process import Process

BLOCKS = 3


def test_a_foreign_client_subscribes_and_receives_jobs(peer: Launch, command: Launch) -> None:
    pool = command("pool", "--listen", "127.0.0.1:0", "--job-interval", "0.2")
    client = peer("client.js", port=_port(pool), worker="mallory.rig1")
    subscription = client.wait_for("subscribed")[0]
    client.wait_for("authorized")
    first, second = client.wait_for("job", count=2)[:2]
    assert first["miningDiff"] > 0
    assert first["extraNonce1"] == subscription["extraNonce1"]
    assert len(bytes.fromhex(first["prevhash"])) == 32
    assert first["nbits"] == "207fffff"
    assert first["jobId"] != second["jobId"]


def test_blocks_mined_by_another_process_are_valid_for_core(
    peer: Launch, command: Launch, tmp_path: Path
) -> None:
    file = tmp_path / "blocks.dat"
    pool = command(
        "pool", "--listen", "127.0.0.1:0", "--json", "--blocks-file", str(file),
        "--block-every", "1", "--share-interval", "0.2",
    )  # fmt: skip
    url = f"stratum+tcp://127.0.0.1:{_port(pool)}"
    miner = command("mine", "-o", url, "-u", "bob", "--threads", "1", "--json")
    pool.wait_until(lambda: sum(" block " in line for line in pool.lines) >= BLOCKS, "blocks")
    miner.signal(signal.SIGTERM)
    assert miner.wait() == ExitCode.INTERRUPTED
    pool.signal(signal.SIGTERM)
    assert pool.wait() == 0
    served, mined = pool.report(), miner.report()
    assert mined["accepted"] == served["accepted"] >= BLOCKS
    assert served["blocks"] >= BLOCKS
    assert replay(read_blocks(file), tmp_path / "core") == served["height"]


def _port(pool: Process) -> int:
    return int(pool.wait_for_line("listening").rpartition(":")[2])
