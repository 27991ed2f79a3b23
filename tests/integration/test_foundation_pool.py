"""Mining through somebody else's pool into somebody else's node, judged by Bitcoin Core's code."""

import signal
from pathlib import Path

import pytest

from stampmill.core.chain.header import Header, display
from stampmill.core.chain.sha256d import sha256d
from stampmill.core.errors import ExitCode

from .conftest import Launch
from .judge import replay
from .node import ADDRESS, Node
from .process import Event, Process

EXPECTED_HASHES = 1 << 32
"""Hashes for a share of difficulty 1, within 1 part in 65536."""

SHARES = 8
SHARES_PER_SECOND = 16
VERSION_MASK = 0x1FFFE000
"""BIP 320's, which the pool grants."""


@pytest.fixture(scope="module")
def foundation(peer_for_all: Launch, node: Node, certificates: Path, hashrate: float) -> Process:
    """A foundation-stratum pool over the node, plain and TLS, at some 16 shares a second.

    All tests mine at it, each as a user of its own.
    """
    return _pool(peer_for_all, node, certificates, hashrate)


def _pool(peer: Launch, node: Node, folder: Path, hashrate: float, **options: object) -> Process:
    pool = peer(
        "foundation_pool.js", folder=folder, rpc=node.port, address=ADDRESS,
        difficulty=hashrate / SHARES_PER_SECOND / EXPECTED_HASHES, **options,
    )  # fmt: skip
    pool.wait_for("ready")
    return pool


def test_shares_become_blocks_of_the_node(
    foundation: Process, node: Node, command: Launch, tmp_path: Path
) -> None:
    before = node.height
    txids = node.add_transactions(3)
    report = _mine(command, foundation, "alice.rig1")
    made = {share["hash"]: share for share in _blocks(foundation, "alice.rig1")}
    mined = [_block_at(node, height) for height in range(before + 1, node.height + 1)]
    assert mined
    for block in mined:
        coinbase = bytes.fromhex(made[block["hash"]]["coinbase"])
        assert block["tx"][0] == display(sha256d(coinbase))
    assert set(txids) <= {txid for block in mined for txid in block["tx"]}
    assert replay(node.blocks(), tmp_path / "core") == node.height
    _assert_counted_alike(report, _shares(foundation, "alice.rig1"))


def test_rolled_versions_are_taken_by_pool_and_node(
    foundation: Process, node: Node, command: Launch
) -> None:
    base = node.rpc("getblocktemplate", {"rules": ["segwit"]})["version"]
    _mine(command, foundation, "bob")
    versions = {_header(node, share["hash"]).version for share in _blocks(foundation, "bob")}
    assert {version & ~VERSION_MASK for version in versions} == {base & ~VERSION_MASK}
    assert versions != {base}


def test_blocks_are_mined_through_tls_with_rolled_versions(
    foundation: Process, node: Node, command: Launch, certificates: Path, tmp_path: Path
) -> None:
    node.add_transactions(3)
    base = node.rpc("getblocktemplate", {"rules": ["segwit"]})["version"]
    authority = certificates / "certificates/rootCA.crt"
    _mine(command, foundation, "dora", f"ssl://127.0.0.1:{_tls_port(foundation)}", authority)
    versions = {_header(node, share["hash"]).version for share in _blocks(foundation, "dora")}
    assert versions != {base}
    assert {share["port"] for share in _shares(foundation, "dora")} == {_tls_port(foundation)}
    assert replay(node.blocks(), tmp_path / "core") == node.height


def test_a_pool_that_no_known_authority_vouches_for_gets_no_byte(
    foundation: Process, command: Launch
) -> None:
    url = f"stratum+ssl://127.0.0.1:{_tls_port(foundation)}"
    miner = command("mine", "-o", url, "-u", "eve", "--retries", "1", "--retry-pause", "0.1")
    assert miner.wait() == ExitCode.NO_POOL
    assert any("certificate" in line for line in miner.lines)
    assert "eve" not in {event["worker"] for event in foundation.events("authorized")}


def test_without_version_rolling_the_version_stays(
    peer: Launch, node: Node, certificates: Path, hashrate: float, command: Launch
) -> None:
    pool = _pool(peer, node, certificates, hashrate, asicboost=False)
    base = node.rpc("getblocktemplate", {"rules": ["segwit"]})["version"]
    _mine(command, pool, "alice")
    blocks = _blocks(pool, "alice")
    assert {_header(node, share["hash"]).version for share in blocks} == {base}


def _tls_port(pool: Process) -> int:
    port: int = pool.events("ready")[0]["tlsPort"]
    return port


def _mine(
    command: Launch, pool: Process, user: str, url: str = "", authority: Path | None = None
) -> Event:
    """Mine until the pool has seen enough shares; return the report of a run ended by a signal."""
    url = url or f"stratum+tcp://127.0.0.1:{pool.events('ready')[0]['port']}"
    trust = [] if authority is None else ["--tls-ca", str(authority)]
    miner = command("mine", "-o", url, "-u", user, "--threads", "1", "--json", *trust)
    pool.wait_until(lambda: len(_shares(pool, user)) >= SHARES, f"{SHARES} shares of {user}")
    miner.signal(signal.SIGTERM)
    assert miner.wait() == ExitCode.INTERRUPTED
    report = miner.report()
    # The pool tells of a share only after it has asked the node about the block.
    pool.wait_until(lambda: _taken(pool, user) == report["accepted"], "every accepted share")
    assert report["rejected"] == report["hardware_errors"] == 0
    return report


def _shares(pool: Process, worker: str) -> list[Event]:
    return [share for share in pool.events("share") if share["worker"] == worker]


def _taken(pool: Process, worker: str) -> int:
    return sum(share["error"] is None for share in _shares(pool, worker))


def _assert_counted_alike(report: Event, shares: list[Event]) -> None:
    """Compare the refusals; `_mine` has compared what was accepted."""
    # A share can cross the block that an earlier one became. What is late we may notice first.
    assert report["stale"] >= sum(share["error"] == "job not found" for share in shares)
    assert {share["error"] for share in shares} <= {None, "job not found"}
    assert report["lost"] == report["unanswered"] == 0


def _blocks(pool: Process, worker: str) -> list[Event]:
    """Return the worker's shares that the pool says became blocks, at least one.

    Two of them can be siblings, where the second was found before the first one's job came.
    """
    blocks = [share for share in _shares(pool, worker) if share["block"]]
    assert blocks
    return blocks


def _header(node: Node, block_hash: str) -> Header:
    return Header.from_bytes(bytes.fromhex(node.rpc("getblockheader", block_hash, False)))


def _block_at(node: Node, height: int) -> Event:
    block: Event = node.rpc("getblock", node.rpc("getblockhash", height), True)
    return block
