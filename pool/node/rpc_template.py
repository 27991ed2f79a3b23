"""Reads the answer of getblocktemplate (BIP22, BIP23, BIP145)."""

from collections.abc import Mapping
from typing import Any

from stampmill.core.chain.target import target_from_nbits
from stampmill.core.errors import EncodingError
from stampmill.pool.node.script import commitment_script
from stampmill.pool.node.template import BlockTemplate, TemplateTransaction

KNOWN_RULES = frozenset({"segwit"})
"""Rules that change how a block is built, and that we follow."""


def template_from_rpc(answer: Mapping[str, Any]) -> BlockTemplate:
    """Return the template of a node's answer.

    Raise EncodingError where it is malformed, contradicts itself, or wants what we cannot build.
    """
    _refuse_unknown_rules(answer)
    try:
        return _template(answer)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise EncodingError(f"the node's block template is not usable: {error!r}") from error


def _template(answer: Mapping[str, Any]) -> BlockTemplate:
    transactions = tuple(_transaction(entry) for entry in answer["transactions"])
    nbits = int(answer["bits"], 16)
    return BlockTemplate(
        height=int(answer["height"]),
        previous_hash=_internal(answer["previousblockhash"]),
        version=int(answer["version"]) & 0xFFFFFFFF,
        nbits=nbits,
        network_target=target_from_nbits(nbits),
        current_time=int(answer["curtime"]),
        min_time=int(answer["mintime"]),
        coinbase_value=int(answer["coinbasevalue"]),
        transactions=transactions,
        commitment=_commitment(answer, transactions),
        coinbase_aux=b"".join(
            bytes.fromhex(each) for each in answer.get("coinbaseaux", {}).values()
        ),
    )


def _transaction(entry: Mapping[str, Any]) -> TemplateTransaction:
    return TemplateTransaction(
        bytes.fromhex(entry["data"]),
        _internal(entry["txid"]),
        _internal(entry["hash"]),
        int(entry["fee"]),
    )


def _internal(display: str) -> bytes:
    if len(display) != 64:
        raise EncodingError(f"a hash is 64 hex digits, not {len(display)}")
    return bytes.fromhex(display)[::-1]


def _commitment(
    answer: Mapping[str, Any], transactions: tuple[TemplateTransaction, ...]
) -> bytes | None:
    given = answer.get("default_witness_commitment")
    if given is None:
        return None
    ours = commitment_script([each.wtxid for each in transactions])
    if bytes.fromhex(given) != ours:
        raise EncodingError("the witness commitment does not match the transactions")
    return ours


def _refuse_unknown_rules(answer: Mapping[str, Any]) -> None:
    if "signet_challenge" in answer:
        raise EncodingError("a signet block needs a signature besides the work")
    for rule in answer.get("rules", ()):
        if rule.startswith("!") and rule[1:] not in KNOWN_RULES:
            raise EncodingError(f"the node wants blocks by the rule {rule[1:]!r}, unknown here")
