import json
from typing import Any

import msgspec
import pytest

from stampmill.pool.node.rpc_template import TemplateError
from stampmill.pool.payout.address import read_address
from stampmill.pool.payout.chains import Chain
from stampmill.pool.solo.errors import (
    NodeBusyError,
    NodeError,
    NodeMisfitError,
    WrongNetworkError,
)
from stampmill.pool.solo.judgement import (
    ChainInfo,
    Terms,
    judge_node,
    judge_template,
    read_chain_info,
)

from .templates import GIVEN, template

MAIN = Terms(read_address("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"))
TEST = Terms(read_address("mkHS9ne12qx9pS9VojpwU5xtRd4T7X7ZUt"))
SEGWIT_TEST = Terms(read_address("tb1pqqqqp399et2xygdj5xreqhjjvcmzhxw4aywxecjdzew6hylgvsesf3hn0c"))

# Bits of difficulty 1.
HARD: dict[str, Any] = {"bits": "1d00ffff", "target": f"{0xFFFF << 208:064x}"}


@pytest.mark.parametrize(
    ("chain", "terms"),
    [("main", MAIN), ("test", TEST), ("testnet4", TEST), ("regtest", TEST), ("test", SEGWIT_TEST)],
)
def test_a_node_on_a_chain_of_the_address_fits(chain: str, terms: Terms) -> None:
    assert judge_node(ChainInfo(chain), terms).value == chain


@pytest.mark.parametrize(
    ("info", "terms", "error", "words"),
    [
        (ChainInfo("test"), MAIN, WrongNetworkError, "address of main"),
        (ChainInfo("main"), TEST, WrongNetworkError, "address of regtest or signet or test"),
        (ChainInfo("regtest"), SEGWIT_TEST, WrongNetworkError, "give --coinbase-addr one of reg"),
        (ChainInfo("test"), Terms(TEST.payout, Chain.TESTNET4), WrongNetworkError, "--chain"),
        (ChainInfo("simnet"), TEST, NodeMisfitError, "simnet"),
        (ChainInfo("signet"), TEST, NodeMisfitError, "signature"),
        (ChainInfo("main", 5, 900, initialblockdownload=True), MAIN, NodeBusyError, "5 of 900"),
        (ChainInfo("test", 5, 900, initialblockdownload=True), TEST, NodeBusyError, "5 of 900"),
    ],
)
def test_any_other_is_refused(
    info: ChainInfo, terms: Terms, error: type[NodeError], words: str
) -> None:
    with pytest.raises(error, match=words):
        judge_node(info, terms)


def test_regtest_with_an_old_tip_gives_templates_all_the_same() -> None:
    info = ChainInfo("regtest", initialblockdownload=True, pruned=True)
    assert judge_node(info, TEST) is Chain.REGTEST


@pytest.mark.parametrize("said", [None, [], {}, {"chain": 1}, {"chain": "x" * 100}])
def test_what_is_no_chain_info_is_a_node_error(said: object) -> None:
    with pytest.raises(NodeError, match="getblockchaininfo"):
        read_chain_info(msgspec.Raw(json.dumps(said).encode()))


def test_the_coinbase_value_is_checked_by_height_and_fees() -> None:
    judge_template(template(), Chain.REGTEST)
    with pytest.raises(TemplateError, match="only 5000055006"):
        judge_template(template(coinbasevalue=5_000_055_007), Chain.REGTEST)
    with pytest.raises(TemplateError, match="only 2500055006"):
        judge_template(template(height=150), Chain.REGTEST)
    judge_template(template(height=209_999, **HARD), Chain.MAIN)
    with pytest.raises(TemplateError, match="only 2500055006"):
        judge_template(template(height=210_000, **HARD), Chain.MAIN)


def test_a_real_chain_is_never_easy_and_follows_segwit() -> None:
    with pytest.raises(TemplateError, match="easier than mainnet allows"):
        judge_template(template(), Chain.MAIN)
    old: dict[str, Any] = {"rules": [], "default_witness_commitment": None, "transactions": [],
           "coinbasevalue": 50 * 10**8}  # fmt: skip
    with pytest.raises(NodeMisfitError, match="does not follow segwit"):
        judge_template(template(**HARD | old), Chain.MAIN)
    judge_template(template(**old), Chain.REGTEST)


def test_subsidies_of_both_kinds_of_chain() -> None:
    assert Chain.MAIN.subsidy(840_000) == 312_500_000
    assert Chain.REGTEST.subsidy(150) == 2_500_000_000
    assert Chain.MAIN.subsidy(10**9) == 0
    assert GIVEN["height"] == 121
