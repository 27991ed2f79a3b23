"""Known shares through the whole chain arithmetic: submit and notify in, header and hash out."""

from dataclasses import dataclass

import pytest

from stampmill.core.chain import merkle, target
from stampmill.core.chain.coinbase import coinbase_txid
from stampmill.core.chain.header import Header, display
from tests.core.vectors import VECTORS, Vector, named, swap_words

known_shares = pytest.mark.parametrize("vector", named("stratum_shares"))


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """A share put together from what a pool sent and a miner answered."""

    coinbase: bytes
    txid: bytes
    header: Header


def rebuild(vector: Vector, submit: list[str]) -> Rebuilt:
    notify = vector["notify"]
    coinbase1, coinbase2 = bytes.fromhex(notify[2]), bytes.fromhex(notify[3])
    extranonces = bytes.fromhex(vector["extranonce1"]), bytes.fromhex(submit[2])
    txid = coinbase_txid(coinbase1, *extranonces, coinbase2)
    branch = [bytes.fromhex(entry) for entry in notify[4]]
    version = int(notify[5], 16) | int(submit[5] if len(submit) > 5 else "0", 16)
    header = Header(
        version,
        swap_words(bytes.fromhex(notify[1])),
        merkle.root_from_branch(txid, branch),
        int(submit[3], 16),
        int(notify[6], 16),
        int(submit[4], 16),
    )
    return Rebuilt(b"".join((coinbase1, *extranonces, coinbase2)), txid, header)


@known_shares
def test_the_coinbase_and_its_txid(vector: Vector) -> None:
    share = rebuild(vector, vector["submit"])
    assert share.coinbase.hex() == vector["expect"]["coinbase_tx"]
    assert display(share.txid) == vector["expect"]["coinbase_txid"]


@known_shares
def test_the_header(vector: Vector) -> None:
    header, expect = rebuild(vector, vector["submit"]).header, vector["expect"]
    assert f"{header.version:08x}" == expect["version"]
    assert header.previous_hash.hex() == expect["prevhash_header_order"]
    assert display(header.previous_hash) == expect["previousblockhash"]
    assert header.merkle_root.hex() == expect["merkle_root_header_order"]
    assert header.to_bytes().hex() == expect["header"]


@known_shares
def test_the_hash_and_its_difficulty(vector: Vector) -> None:
    digest, expect = rebuild(vector, vector["submit"]).header.hash(), vector["expect"]
    assert display(digest) == expect["hash"]
    assert target.difficulty_of_hash(digest) == expect["share_difficulty"]


@known_shares
def test_the_network_target_and_whether_it_is_met(vector: Vector) -> None:
    header, expect = rebuild(vector, vector["submit"]).header, vector["expect"]
    network = target.target_from_nbits(header.nbits)
    assert f"{network:064x}" == expect["network_target"]
    assert target.meets_target(header.hash(), network) is expect["solves_block"]


@pytest.mark.parametrize(
    "vector", [entry for entry in VECTORS["stratum_shares"] if "set_difficulty" in entry]
)
def test_an_accepted_share_meets_the_difficulty_it_was_set(vector: Vector) -> None:
    assert vector["expect"]["outcome"] == "accepted"
    digest = rebuild(vector, vector["submit"]).header.hash()
    assert target.meets_target(digest, target.target_from_difficulty(vector["set_difficulty"]))


@pytest.mark.parametrize("vector", named("wrong_shares", "why"))
def test_a_wrong_byte_order_or_time_gives_another_hash(vector: Vector) -> None:
    base = next(s for s in VECTORS["stratum_shares"] if s["name"] == vector["base"])
    digest = rebuild(base, vector["submit"]).header.hash()
    assert display(digest) == vector["hash"]
    assert target.difficulty_of_hash(digest) == vector["share_difficulty"]
