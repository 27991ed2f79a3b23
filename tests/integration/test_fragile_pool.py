"""A pool that dies of a share that is a block: nothing the miner found goes missing."""

from stampmill.core.errors import ExitCode

from .conftest import Launch
from .node import ADDRESS, Node


def test_a_pool_that_dies_ends_the_run_within_its_retries(
    peer: Launch, node: Node, command: Launch, hashrate: float
) -> None:
    pool = peer("fragile_pool.js", rpc=node.port, address=ADDRESS, difficulty=hashrate / (1 << 32))
    port = pool.wait_for("ready")[0]["port"]
    miner = command(
        "mine", "-o", f"stratum+tcp://127.0.0.1:{port}", "-u", "carol", "--json",
        "--retries", "1", "--retry-pause", "0.1",
    )  # fmt: skip
    assert miner.wait() == ExitCode.NO_POOL
    assert pool.wait() != 0
    report = miner.report()
    assert report["accepted"] == 0
    assert report["lost"] + report["unanswered"] >= 1
