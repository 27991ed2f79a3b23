"""Whether a node and its templates are what this run was told to mine on."""

from dataclasses import dataclass
from typing import Annotated

import msgspec

from stampmill.core.chain.target import DIFFICULTY_1_TARGET
from stampmill.pool.node.rpc_template import NodeTemplate, TemplateError
from stampmill.pool.payout.address import Payout
from stampmill.pool.payout.chains import Chain
from stampmill.pool.solo.errors import (
    NodeBusyError,
    NodeError,
    NodeMisfitError,
    WrongNetworkError,
)


class ChainInfo(msgspec.Struct, frozen=True):
    """What getblockchaininfo says, as far as a miner minds."""

    chain: Annotated[str, msgspec.Meta(max_length=64)]
    blocks: int = 0
    headers: int = 0
    initialblockdownload: bool = False
    pruned: bool = False


@dataclass(frozen=True, slots=True)
class Terms:
    """What a node must fit: the payout address, and the chain if one was named."""

    payout: Payout
    chain: Chain | None = None


def read_chain_info(result: msgspec.Raw) -> ChainInfo:
    """Return the answer to getblockchaininfo; raise NodeError if it is none."""
    try:
        return msgspec.json.decode(result, type=ChainInfo)
    except (ValueError, RecursionError) as error:
        raise NodeError(f"no Bitcoin node's getblockchaininfo: {error}") from None


def judge_node(info: ChainInfo, terms: Terms) -> Chain:
    """Return the node's chain; raise NodeMisfitError if it is not ours, NodeBusyError if it lags.

    An address of another network is refused here, before anything is mined: a block that pays a
    wrong script cannot be taken back.
    """
    try:
        chain = Chain(info.chain)
    except ValueError:
        known = ", ".join(each.value for each in Chain)
        raise NodeMisfitError(f"the node is on chain {info.chain!r}; known are {known}") from None
    if terms.chain is not None and chain is not terms.chain:
        raise WrongNetworkError(
            f"the node is on chain {chain.value}, not {terms.chain.value}: "
            "ask another node, or change --chain"
        )
    if chain not in terms.payout.chains:
        theirs = " or ".join(sorted(each.value for each in terms.payout.chains))
        raise WrongNetworkError(
            f"the node is on chain {chain.value}, and {terms.payout.address} is an address of "
            f"{theirs}: nothing was mined; give --coinbase-addr one of {chain.value}"
        )
    if chain is Chain.SIGNET:
        raise NodeMisfitError("a signet block needs a signature besides the work: mine elsewhere")
    # On regtest a tip of yesterday is "initial download", and templates are given all the same.
    if info.initialblockdownload and chain is not Chain.REGTEST:
        raise NodeBusyError(
            f"the node is still downloading the chain, block {info.blocks} of {info.headers}; "
            "mining starts by itself when it is done"
        )
    return chain


def judge_template(template: NodeTemplate, chain: Chain) -> None:
    """Raise TemplateError or NodeMisfitError for a template that its chain would not take."""
    block = template.block
    if chain.segwit_since_long and not template.segwit:
        raise NodeMisfitError("the node does not follow segwit: it needs an upgrade")
    if chain is Chain.MAIN and block.network_target > DIFFICULTY_1_TARGET:
        raise TemplateError(f"bits {block.nbits:08x} are easier than mainnet allows")
    most = chain.subsidy(block.height) + template.fees
    if block.coinbase_value > most:
        raise TemplateError(
            f"its coinbasevalue is {block.coinbase_value}, and subsidy and fees are only {most}"
        )
