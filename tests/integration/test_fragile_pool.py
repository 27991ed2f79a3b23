"""A pool that dies of a share that is a block: nothing the miner found goes missing."""

import signal

from stampmill.core.errors import ExitCode

from .conftest import Launch
from .node import ADDRESS, Node

HASHES = 4 * (1 << 32)
"""Hashes in four shares of difficulty 1: a pool sees four shares a second."""


def test_a_pool_that_dies_ends_the_run_within_its_retries(
    peer: Launch, node: Node, command: Launch, hashrate: float
) -> None:
    pool = peer("fragile_pool.js", rpc=node.port, address=ADDRESS, difficulty=hashrate / HASHES)
    port = pool.wait_for("ready")[0]["port"]
    miner = command(
        "mine", "-o", f"stratum+tcp://127.0.0.1:{port}", "-u", "carol", "--json",
        "--threads", "1", "--retries", "1", "--retry-pause", "0.1",
    )  # fmt: skip
    assert miner.wait() == ExitCode.NO_POOL
    assert pool.wait() != 0
    report = miner.report()
    assert report["accepted"] == 0
    assert report["lost"] + report["unanswered"] >= 1


def test_mining_goes_on_at_the_next_pool(
    peer: Launch, node: Node, command: Launch, hashrate: float
) -> None:
    difficulty = hashrate / HASHES
    fragile = peer("fragile_pool.js", rpc=node.port, address=ADDRESS, difficulty=difficulty)
    port = fragile.wait_for("ready")[0]["port"]
    backup = command("pool", "--listen", "127.0.0.1:0", "--fixed-difficulty", f"{difficulty / 4}")
    listening = backup.wait_for_line("listening")
    miner = command(
        "mine", "-o", f"stratum+tcp://127.0.0.1:{port}", "-u", "carol",
        "-o", f"stratum+tcp://{listening.split()[-1]}", "-u", "dave", "--json", "--lines",
        "--threads", "1",
    )  # fmt: skip
    assert fragile.wait() != 0
    backup.wait_until(
        lambda: sum(" accepted" in line for line in backup.lines) >= 3, "three shares"
    )
    miner.signal(signal.SIGTERM)
    assert miner.wait() == ExitCode.INTERRUPTED
    report = miner.report()
    assert report["accepted"] >= 3
    assert report["user"] == "dave"
    (left,) = report["other_pools"]
    assert left["user"] == "carol"
    assert left["connection_faults"]
    assert report["lost"] + report["unanswered"] >= 1
    assert report["rejected"] == report["hardware_errors"] == 0
