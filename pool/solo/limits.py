"""Keeps a block inside the limits of its chain: drops transactions where the coinbase is large."""

from dataclasses import replace

from stampmill.pool.node.rpc_template import NodeTemplate, TemplateError
from stampmill.pool.node.script import commitment_script
from stampmill.pool.node.template import coinbase_with_witness
from stampmill.pool.node.transaction import Transaction
from stampmill.pool.node.wire import compact_size

_HEADER = 80
_WITNESS_SCALE = 4
"""Bytes and sigops outside witnesses count four times (BIP141)."""

_OP_CHECKSIG = frozenset({0xAC, 0xAD})
_OP_CHECKMULTISIG = frozenset({0xAE, 0xAF})
_MULTISIG_SIGOPS = 20
_LAST_PUSH = 75


def fit(template: NodeTemplate, coinbase: bytes) -> NodeTemplate:
    """Return the template with as many of its first transactions as leave room for the coinbase.

    The coinbase is the form without witness; its length must not depend on what is dropped. Raise
    TemplateError if not even the coinbase fits, or if the node forbids to drop any.
    """
    count = _fitting(template, coinbase)
    block = template.block
    if count == len(block.transactions):
        return template
    if "transactions" not in template.mutable:
        raise TemplateError("the block is over its limits, and the node wants all transactions in")
    # The list is in topological order, so whatever is left has its parents.
    kept, dropped = block.transactions[:count], block.transactions[count:]
    value = block.coinbase_value - sum(each.fee for each in dropped)
    if value < 0:
        raise TemplateError("its fees are more than its coinbasevalue")
    commitment = block.commitment and commitment_script([each.wtxid for each in kept])
    return replace(
        template,
        block=replace(block, transactions=kept, coinbase_value=value, commitment=commitment),
    )


def legacy_sigops(script: bytes) -> int:
    """Return the signature checks of a script, counted as blocks count those outside witnesses."""
    count = position = 0
    while position < len(script):
        opcode = script[position]
        position += 1
        if opcode <= _LAST_PUSH:
            position += opcode
        elif opcode <= 0x4E:  # OP_PUSHDATA1, 2 and 4
            size = 1 << opcode - 0x4C
            position += size + int.from_bytes(script[position : position + size], "little")
        elif opcode in _OP_CHECKSIG:
            count += 1
        elif opcode in _OP_CHECKMULTISIG:
            count += _MULTISIG_SIGOPS
    return count


def _fitting(template: NodeTemplate, coinbase: bytes) -> int:
    """Return how many transactions fit, from the first one on."""
    limits, transactions = template.limits, template.block.transactions
    frame = _HEADER + len(compact_size(len(transactions) + 1))
    size = frame + len(coinbase_with_witness(coinbase) if template.segwit else coinbase)
    weight = frame * _WITNESS_SCALE + _weight(coinbase, segwit=template.segwit)
    sigops = _coinbase_sigops(coinbase) * (_WITNESS_SCALE if template.segwit else 1)
    for count, each in enumerate((None, *transactions)):
        if each is not None:
            size, weight, sigops = (
                size + len(each.data), weight + each.weight, sigops + each.sigops,
            )  # fmt: skip
        too_heavy = limits.weight is not None and weight > limits.weight
        if size > limits.size or sigops > limits.sigops or too_heavy:
            if count == 0:
                raise TemplateError("not even the coinbase fits into the node's limits")
            return count - 1
    return len(transactions)


def _weight(coinbase: bytes, *, segwit: bool) -> int:
    whole = coinbase_with_witness(coinbase) if segwit else coinbase
    return (_WITNESS_SCALE - 1) * len(coinbase) + len(whole)


def _coinbase_sigops(coinbase: bytes) -> int:
    transaction = Transaction.from_bytes(coinbase)
    return sum(
        legacy_sigops(script)
        for script in (
            transaction.inputs[0].script,
            *(output.script for output in transaction.outputs),
        )
    )
