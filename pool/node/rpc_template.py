"""Reads the answer of getblocktemplate (BIP22, BIP23, BIP145)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, TypeVar

import msgspec

from stampmill.core.chain.sha256d import sha256d
from stampmill.core.chain.target import target_from_nbits
from stampmill.core.errors import EncodingError
from stampmill.pool.node.script import commitment_script
from stampmill.pool.node.template import BlockTemplate, TemplateTransaction
from stampmill.pool.node.transaction import SEGWIT_MARKER

KNOWN_RULES = frozenset({"segwit"})
"""Rules that change how a block is built, and that we follow."""

MAX_MONEY = 21_000_000 * 100_000_000
MAX_BLOCK_WEIGHT = 4_000_000
MAX_TRANSACTIONS = 16_666
"""A transaction weighs at least 240 units (Core's MIN_TRANSACTION_WEIGHT), a block 4,000,000."""
_MAX_DATA_DIGITS = 2 * MAX_BLOCK_WEIGHT

# Before segwit: sigops counted once, and no weight (bitcoin/bitcoin src/rpc/mining.cpp).
_OLD_SIGOPS, _OLD_SIZE = 20_000, 1_000_000

_Word = Annotated[int, msgspec.Meta(ge=0, le=0xFFFFFFFF)]
_Hash = Annotated[str, msgspec.Meta(min_length=64, max_length=64)]
_Money = Annotated[int, msgspec.Meta(ge=0, le=MAX_MONEY)]
_Limit = Annotated[int, msgspec.Meta(ge=1, le=1 << 32)]
_Id = Annotated[str, msgspec.Meta(max_length=1024)]
_Weight = Annotated[int, msgspec.Meta(ge=0, le=MAX_BLOCK_WEIGHT)]

# Lists and objects are looked at only where they are short: a million empty strings are a few
# bytes each in JSON, and sixty in Python.
_List = msgspec.Raw
_Object = msgspec.Raw
_LONGEST_LIST = 16_384


Item = TypeVar("Item")


class TemplateError(EncodingError):
    """A template that is malformed, contradicts itself, or would make a block that is not valid."""


class UnknownRuleError(TemplateError):
    """A template for blocks by a rule that we do not know: mining on would be in vain."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that a whole block may have: sigops as the template counts them, bytes, weight."""

    sigops: int
    size: int
    weight: int | None
    """None before segwit."""


@dataclass(frozen=True, slots=True)
class NodeTemplate:
    """A block's template with what its node says besides.

    `kept_bits` are the version bits that a miner must leave alone. The node's times are in
    `block`; `max_time` None is no limit but the consensus one.
    """

    block: BlockTemplate
    segwit: bool
    limits: Limits
    kept_bits: int
    max_time: int | None
    mutable: frozenset[str]
    longpoll_id: str | None
    work_id: str | None

    @property
    def fees(self) -> int:
        """Satoshi that the transactions pay, all together."""
        return sum(each.fee for each in self.block.transactions)


class _Transaction(msgspec.Struct):
    data: Annotated[str, msgspec.Meta(min_length=120, max_length=_MAX_DATA_DIGITS)]
    txid: _Hash
    fee: _Money
    hash: _Hash | None = None
    depends: _List = msgspec.Raw(b"[]")
    sigops: _Weight = 0
    weight: _Weight | None = None


class _Template(msgspec.Struct):
    version: Annotated[int, msgspec.Meta(ge=-(1 << 31), le=0xFFFFFFFF)]
    previousblockhash: _Hash
    bits: Annotated[str, msgspec.Meta(min_length=8, max_length=8)]
    height: Annotated[int, msgspec.Meta(ge=1, le=0x7FFFFFFF)]
    curtime: _Word
    mintime: _Word = 0
    maxtime: _Word | None = None
    coinbasevalue: _Money | None = None
    coinbaseaux: _Object = msgspec.Raw(b"{}")
    transactions: Annotated[list[_Transaction], msgspec.Meta(max_length=MAX_TRANSACTIONS)] = []
    target: _Hash | None = None
    noncerange: Annotated[str, msgspec.Meta(max_length=64)] = "00000000ffffffff"
    mutable: _List = msgspec.Raw(b"[]")
    vbavailable: _Object = msgspec.Raw(b"{}")
    vbrequired: _Word = 0
    sigoplimit: _Limit | None = None
    sizelimit: _Limit | None = None
    weightlimit: _Limit | None = None
    longpollid: _Id | None = None
    workid: _Id | None = None
    default_witness_commitment: Annotated[str, msgspec.Meta(max_length=1024)] | None = None


class _Rules(msgspec.Struct):
    """Read first: a rule that we do not know may give all other keys another meaning."""

    rules: _List = msgspec.Raw(b"[]")
    signet_challenge: msgspec.Raw = msgspec.Raw(b"null")
    coinbasetxn: msgspec.Raw = msgspec.Raw(b"null")
    coinbasevalue: msgspec.Raw = msgspec.Raw(b"null")


_rules_decoder = msgspec.json.Decoder(_Rules)
_decoder = msgspec.json.Decoder(_Template)


Known = Mapping[bytes, TemplateTransaction]
"""Transactions of an earlier template by their wtxid."""


def parse(data: bytes | msgspec.Raw, known: Known | None = None) -> NodeTemplate:
    """Return the template that a node's JSON holds.

    What an earlier template held already is taken from `known`: most transactions stay from one
    template to the next, and are then neither hashed nor kept twice.

    Raise UnknownRuleError where we cannot build such blocks, TemplateError where it is malformed,
    contradicts itself or could make no valid block. It takes a few times as much memory as the
    data have bytes, whatever they hold.
    """
    try:
        rules = _rules(_rules_decoder.decode(data))
        return _read(_decoder.decode(data), rules, known or {})
    except TemplateError:
        raise
    except (ValueError, RecursionError, OverflowError) as error:
        # msgspec's errors, those of bytes.fromhex and our EncodingErrors are all ValueErrors.
        raise TemplateError(f"the node's block template is not usable: {error}") from error


def _rules(said: _Rules) -> list[str]:
    """Return the rules in force; raise UnknownRuleError where we could not follow them."""
    rules = _short("rules", said.rules, list[str])
    if _is_given(said.signet_challenge) or "!signet" in rules:
        raise UnknownRuleError("a signet block needs a signature besides the work: mine elsewhere")
    for rule in rules:
        if rule.startswith("!") and rule[1:] not in KNOWN_RULES:
            raise UnknownRuleError(
                f"the node wants blocks by the rule {rule[1:65]!r}, which is unknown here: "
                "a newer stampmill may know it"
            )
    if _is_given(said.coinbasetxn) and not _is_given(said.coinbasevalue):
        raise UnknownRuleError("the node gives a ready coinbase only, which would pay its owner")
    return rules


def _short(name: str, raw: msgspec.Raw, kind: type[Item]) -> Item:
    text = bytes(raw)
    if len(text) > _LONGEST_LIST:
        raise TemplateError(f"{name} in the node's block template is {len(text)} bytes long")
    try:
        return msgspec.json.decode(text, type=kind)
    except (ValueError, RecursionError) as error:
        raise TemplateError(f"{name} in the node's block template: {error}") from error


def _is_given(raw: msgspec.Raw) -> bool:
    return bytes(raw) != b"null"


def _read(said: _Template, rules: list[str], known: Known) -> NodeTemplate:
    transactions = tuple(_transaction(entry, known) for entry in said.transactions)
    _check_order(said.transactions, transactions)
    segwit = "segwit" in rules or "!segwit" in rules
    commitment = _commitment(said, transactions, segwit=segwit)
    return NodeTemplate(
        block=_block(said, transactions, commitment),
        segwit=segwit or commitment is not None,
        limits=Limits(
            said.sigoplimit or _OLD_SIGOPS, said.sizelimit or _OLD_SIZE, _weight_limit(said, segwit)
        ),
        kept_bits=said.vbrequired | _bits(_short("vbavailable", said.vbavailable, dict[str, int])),
        max_time=said.maxtime,
        mutable=frozenset(_short("mutable", said.mutable, list[str])),
        longpoll_id=said.longpollid or None,
        work_id=said.workid,
    )


def _block(
    said: _Template, transactions: tuple[TemplateTransaction, ...], commitment: bytes | None
) -> BlockTemplate:
    nbits = int.from_bytes(_whole(said.bits))
    current_time = max(said.curtime, said.mintime)
    if said.coinbasevalue is None:
        raise TemplateError("the node's block template has no coinbasevalue")
    if said.maxtime is not None and current_time > said.maxtime:
        raise TemplateError(f"its time {current_time} lies behind its maxtime {said.maxtime}")
    if said.noncerange.lower() != "00000000ffffffff":
        raise TemplateError(f"it leaves only the nonces {said.noncerange!r}, not all")
    aux = _short("coinbaseaux", said.coinbaseaux, dict[str, str])
    return BlockTemplate(
        height=said.height,
        previous_hash=_internal(said.previousblockhash),
        version=said.version & 0xFFFFFFFF,
        nbits=nbits,
        network_target=_target(nbits, said.target),
        current_time=current_time,
        min_time=said.mintime,
        coinbase_value=said.coinbasevalue,
        transactions=transactions,
        commitment=commitment,
        coinbase_aux=b"".join(bytes.fromhex(each) for each in aux.values()),
    )


def _target(nbits: int, given: str | None) -> int:
    target = target_from_nbits(nbits)
    if target == 0:
        raise TemplateError(f"no hash meets the target of bits {nbits:08x}")
    if given is not None and int.from_bytes(_whole(given)) != target:
        raise TemplateError(f"its target {given} is not that of its bits {nbits:08x}")
    return target


def _transaction(entry: _Transaction, known: Known) -> TemplateTransaction:
    data, txid = bytes.fromhex(entry.data), _internal(entry.txid)
    wtxid = txid if entry.hash is None else _internal(entry.hash)
    earlier = known.get(wtxid)
    if earlier is not None and _is_same(earlier, entry, data, txid):
        return earlier
    # One hash finds most damage; without a witness it is the txid as well.
    if sha256d(data) != wtxid or (data[4:6] != SEGWIT_MARKER and txid != wtxid):
        raise TemplateError(f"transaction {entry.txid} is not what its id says")
    weight = 4 * len(data) if entry.weight is None else entry.weight
    if not len(data) <= weight <= 4 * len(data):
        raise TemplateError(f"transaction {entry.txid} of {len(data)} bytes weighs not {weight}")
    return TemplateTransaction(data, txid, wtxid, entry.fee, entry.sigops, weight)


def _is_same(earlier: TemplateTransaction, entry: _Transaction, data: bytes, txid: bytes) -> bool:
    return (
        (earlier.data, earlier.txid, earlier.fee) == (data, txid, entry.fee)
        and earlier.sigops == entry.sigops
        and entry.weight in {None, earlier.weight}
    )


def _check_order(entries: Sequence[_Transaction], transactions: Sequence[object]) -> None:
    """Raise TemplateError unless each id comes once, and parents in front of their children."""
    if len({entry.txid for entry in entries}) != len(transactions):
        raise TemplateError("the node's block template holds a transaction twice")
    for number, entry in enumerate(entries, start=1):
        parents = _short("depends", entry.depends, list[int])
        if any(not 1 <= parent < number for parent in parents):
            raise TemplateError(f"transaction {entry.txid} stands in front of what it depends on")


def _weight_limit(said: _Template, segwit: bool) -> int | None:
    # bcoin names no weight limit; with segwit there is one all the same (BIP141).
    return said.weightlimit or (MAX_BLOCK_WEIGHT if segwit else None)


def _bits(available: dict[str, int]) -> int:
    """Return the bits by which miners signal: rolling them would vote at random (BIP9)."""
    return sum({1 << bit for bit in available.values() if 0 <= bit < 32})


def _internal(display: str) -> bytes:
    return _whole(display)[::-1]


def _whole(digits: str) -> bytes:
    """Return the bytes of hex digits, without the blanks that Python would let pass."""
    data = bytes.fromhex(digits)
    if 2 * len(data) != len(digits):
        raise TemplateError(f"{digits!r} are not hex digits alone")
    return data


def _commitment(
    said: _Template, transactions: tuple[TemplateTransaction, ...], *, segwit: bool
) -> bytes | None:
    if said.default_witness_commitment is None and not segwit:
        if any(each.wtxid != each.txid for each in transactions):
            raise TemplateError("it has witnesses, and the node does not follow segwit")
        return None
    ours = commitment_script([each.wtxid for each in transactions])
    given = said.default_witness_commitment
    if given is not None and bytes.fromhex(given) != ours:
        raise TemplateError("the witness commitment does not match the transactions")
    return ours
