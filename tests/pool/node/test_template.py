import json
from dataclasses import replace
from typing import Any

import pytest

from stampmill.core.chain import merkle
from stampmill.core.chain.coinbase import coinbase_txid
from stampmill.core.chain.header import Header, display
from stampmill.core.errors import EncodingError
from stampmill.pool.node.block import assemble
from stampmill.pool.node.rpc_template import parse
from stampmill.pool.node.script import commitment_script
from stampmill.pool.node.template import (
    BlockTemplate,
    CoinbaseLayout,
    coinbase_parts,
    coinbase_with_witness,
)
from stampmill.pool.node.transaction import Transaction

from .vectors import case, vectors

LAYOUT = CoinbaseLayout(extranonce_size=8, payout_script=bytes.fromhex(case()["payout_script"]))
EXTRA = bytes.fromhex(case()["coinbase_extra"])


def parsed(said: dict[str, Any]) -> BlockTemplate:
    return parse(json.dumps(said).encode()).block


def template() -> BlockTemplate:
    return parsed(case()["template"])


def coinbase() -> bytes:
    before, after = coinbase_parts(template(), LAYOUT)
    return before + EXTRA + after


def answer(**changes: Any) -> dict[str, Any]:
    return {**case()["template"], **changes}


def test_coinbase_of_a_real_template_byte_for_byte() -> None:
    assert coinbase().hex() == case()["coinbase_legacy"]
    assert coinbase_with_witness(coinbase()).hex() == case()["coinbase_with_witness"]


def test_witness_commitment_of_a_real_template() -> None:
    assert template().commitment == bytes.fromhex("6a24aa21a9ed" + case()["commitment"])


def test_commitment_of_an_empty_list_is_the_well_known_one() -> None:
    # reference: Bitcoin Core's default_witness_commitment for a template without transactions
    expected = "e2f61c3f71d1defd3fa999dfa36953755c690689799962b48bebd836974e8cf9"
    assert commitment_script([]).hex() == "6a24aa21a9ed" + expected


def test_block_of_a_real_template_byte_for_byte() -> None:
    branch = template().merkle_branch
    assert [each.hex() for each in branch] == case()["merkle_branch"]
    root = merkle.root_from_branch(Transaction.from_bytes(coinbase()).txid(), branch)
    assert root.hex() == case()["merkle_root"]
    header = Header(
        template().version, template().previous_hash, root,
        template().current_time, template().nbits, nonce=1,
    )  # fmt: skip
    assert header.to_bytes().hex() == case()["header"]
    assert display(header.hash()) == case()["block_hash"]
    block = assemble(header.to_bytes(), coinbase(), template().transactions)
    assert block.hex() == case()["block"]


@pytest.mark.parametrize("vector", vectors()["bip34"], ids=lambda each: str(each["height"]))
def test_coinbase_script_starts_with_the_height(vector: dict[str, Any]) -> None:
    before, after = coinbase_parts(replace(template(), height=vector["height"]), LAYOUT)
    script = Transaction.from_bytes(before + EXTRA + after).inputs[0].script
    assert script.hex() == vector["script_prefix"] + "08" + EXTRA.hex()


@pytest.mark.parametrize("vector", vectors()["merkle"], ids=["depth 12", "depth 5"])
def test_merkle_root_of_a_pools_job(vector: dict[str, Any]) -> None:
    names = ("coinbase1", "extranonce1", "extranonce2", "coinbase2")
    txid = coinbase_txid(*(bytes.fromhex(vector[name]) for name in names))
    branch = [bytes.fromhex(each) for each in vector["branches"]]
    assert merkle.root_from_branch(txid, branch).hex() == vector["merkle_root_header_order"]


def test_free_bytes_stand_behind_pushes() -> None:
    layout = replace(LAYOUT, unique=b"\xac\xac\xac\xac", tag=b"/tag/")
    before, after = coinbase_parts(replace(template(), coinbase_aux=b"\x02hi"), layout)
    script = Transaction.from_bytes(before + EXTRA + after).inputs[0].script
    assert (
        script == b"\x01\x79" + b"\x02hi" + b"\x04\xac\xac\xac\xac" + b"\x08" + EXTRA + b"\x05/tag/"
    )


def test_coinbase_script_of_a_hundred_bytes_is_the_longest() -> None:
    coinbase_parts(template(), replace(LAYOUT, extranonce_size=16, tag=bytes(75), unique=bytes(4)))
    with pytest.raises(EncodingError, match="100 bytes, not 101"):
        coinbase_parts(
            template(), replace(LAYOUT, extranonce_size=17, tag=bytes(75), unique=bytes(4))
        )


def test_before_segwit_there_is_no_commitment_output() -> None:
    old = answer(transactions=[], rules=["csv"])
    del old["default_witness_commitment"]
    before, after = coinbase_parts(parsed(old), LAYOUT)
    assert len(Transaction.from_bytes(before + EXTRA + after).outputs) == 1


def test_signed_version_is_read_as_its_32_bits() -> None:
    assert parsed(answer(version=-536870912)).version == 0xE0000000
