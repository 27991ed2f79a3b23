"""Mining alone on somebody else's node, judged by Bitcoin Core's own code."""

import signal
from pathlib import Path

from stampmill.core.chain.header import Header
from stampmill.core.errors import ExitCode
from stampmill.pool.node.block import Block

from .conftest import Launch
from .judge import replay
from .node import ADDRESS, OUTPUT_SCRIPT, Node
from .process import Process

BLOCKS = 5
VERSION_MASK = 0x1FFFE000
OFTEN = ("--suggest-difficulty", "1e-5")
"""A block every 40,000 hashes or so."""


def test_blocks_of_a_solo_miner_hold_the_nodes_transactions_and_are_valid_for_core(
    node: Node, command: Launch, tmp_path: Path
) -> None:
    before, txids = node.height, node.add_transactions(4)
    miner = mine(command, node, tmp_path)
    report = finish(miner, blocks=BLOCKS)
    mined = node.blocks()[before:]
    assert report["blocks"] == report["accepted"] == len(mined) >= BLOCKS
    for nothing in ("rejected", "lost", "unanswered", "hardware_errors"):
        assert report[nothing] == 0, (nothing, miner.lines)
    first = Block.from_bytes(mined[0])
    assert {each.txid()[::-1].hex() for each in first.transactions[1:]} == set(txids)
    assert any(each.has_witness for each in first.transactions[1:])
    assert all(pays_us(Block.from_bytes(raw)) for raw in mined)
    assert replay(node.blocks(), tmp_path / "core") == node.height


def test_every_block_was_on_disk_as_it_was_submitted(
    node: Node, command: Launch, tmp_path: Path
) -> None:
    before = node.height
    finish(mine(command, node, tmp_path), blocks=2)
    kept = {bytes.fromhex(path.read_text()) for path in (tmp_path / "blocks/regtest").glob("*.hex")}
    assert set(node.blocks()[before:]) <= kept


def test_versions_are_rolled_and_the_nodes_own_bits_kept(
    node: Node, command: Launch, tmp_path: Path
) -> None:
    base = node.rpc("getblocktemplate", {"rules": ["segwit"]})["version"]
    before = node.height
    # Hard enough that several versions are tried for each block.
    finish(mine(command, node, tmp_path, "--suggest-difficulty", "0.0003"), blocks=3)
    versions = {Header.from_bytes(raw[:80]).version for raw in node.blocks()[before:]}
    assert {version & ~VERSION_MASK for version in versions} == {base & ~VERSION_MASK}


def test_an_address_of_another_network_is_refused_before_mining(
    node: Node, command: Launch, tmp_path: Path
) -> None:
    before = node.height
    miner = command(
        "mine", "-o", url(node), "--coinbase-addr", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"
    )
    assert miner.wait() == ExitCode.USAGE
    assert "is an address of main: nothing was mined" in miner.lines[-1]
    assert node.height == before


def test_a_node_that_goes_away_is_left_for_the_next_and_blocks_go_on(
    peer: Launch, node: Node, command: Launch, tmp_path: Path
) -> None:
    process = peer("node.js")
    first = Node(process)
    first.rpc("generatetoaddress", 1, ADDRESS)
    miner = command(
        "mine", "-o", url(first), "-o", url(node), "--coinbase-addr", ADDRESS,
        "--block-dir", str(tmp_path / "blocks"), "--threads", "1", "--lines", "--json", *OFTEN,
    )  # fmt: skip
    miner.wait_for_line(f"mining alone on {url(first)}")
    miner.wait_until(lambda: accepted(miner) >= 1, "a block")
    process.stop()
    miner.wait_for_line(f"mining alone on {url(node)}")
    before = accepted(miner)
    finish(miner, blocks=before + 1)


def mine(command: Launch, node: Node, folder: Path, *options: str) -> Process:
    return command(
        "mine", "-o", url(node), "--coinbase-addr", ADDRESS, "--coinbase-sig", "/here/",
        "--block-dir", str(folder / "blocks"), "--threads", "1", "--lines", "--json",
        *(options or OFTEN),
    )  # fmt: skip


def finish(miner: Process, blocks: int) -> dict[str, object]:
    miner.wait_until(lambda: accepted(miner) >= blocks, f"{blocks} blocks")
    miner.signal(signal.SIGTERM)
    assert miner.wait() == ExitCode.INTERRUPTED, miner.lines
    return miner.report()


def accepted(miner: Process) -> int:
    return sum(" share " in line and " accepted " in line for line in miner.lines)


def pays_us(block: Block) -> bool:
    coinbase = block.transactions[0]
    ours = coinbase.outputs[0]
    return (
        ours.script == OUTPUT_SCRIPT and ours.value > 0 and b"/here/" in coinbase.inputs[0].script
    )


def url(node: Node) -> str:
    return f"http://127.0.0.1:{node.port}"
