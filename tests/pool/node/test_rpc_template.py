"""Templates of real nodes, and of nodes that are broken, old or malicious."""

import json
import tracemalloc
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stampmill.core.chain.sha256d import sha256d
from stampmill.core.errors import EncodingError
from stampmill.pool.node.rpc_template import (
    MAX_TRANSACTIONS,
    Limits,
    NodeTemplate,
    TemplateError,
    UnknownRuleError,
    parse,
)
from stampmill.pool.node.template import TemplateTransaction

from .vectors import case

GIVEN: dict[str, Any] = case()["template"]
FIRST: dict[str, Any] = GIVEN["transactions"][0]


def read(said: object) -> NodeTemplate:
    return parse(json.dumps(said).encode())


def answer(**changes: Any) -> dict[str, Any]:
    return {**GIVEN, **changes}


def without(*keys: str) -> dict[str, Any]:
    return {key: value for key, value in GIVEN.items() if key not in keys}


def with_first(**changes: Any) -> dict[str, Any]:
    return answer(transactions=[{**FIRST, **changes}, *GIVEN["transactions"][1:]])


def test_all_that_a_node_says_is_read() -> None:
    template = read(GIVEN)
    assert template.segwit
    assert template.limits == Limits(80_000, 4_000_000, 4_000_000)
    assert template.mutable == {"time", "transactions", "prevblock"}
    assert template.longpoll_id == GIVEN["longpollid"]
    assert template.max_time is None
    assert template.work_id is None
    assert template.fees == 55_006
    block = template.block
    assert (block.height, block.current_time, block.min_time) == (121, 1795306721, 1795306721)
    assert [each.weight for each in block.transactions][:3] == [725, 725, 553]


def known(template: NodeTemplate) -> dict[bytes, TemplateTransaction]:
    return {each.wtxid: each for each in template.block.transactions}


def test_transactions_of_an_earlier_template_are_kept_once() -> None:
    first = read(GIVEN)
    again = parse(json.dumps(GIVEN).encode(), known(first))
    assert again == first
    for old, new in zip(first.block.transactions, again.block.transactions, strict=True):
        assert old is new


@pytest.mark.parametrize(
    "changes", [{"fee": 1}, {"sigops": 5}, {"weight": 700}, {"data": FIRST["data"][:-2] + "01"}]
)
def test_a_transaction_that_has_changed_is_read_anew(changes: dict[str, Any]) -> None:
    said = json.dumps(with_first(**changes)).encode()
    earlier = known(read(GIVEN))
    if "data" in changes:
        with pytest.raises(TemplateError, match="not what its id says"):
            parse(said, earlier)
    else:
        assert parse(said, earlier) == parse(said)


def test_the_commitment_is_made_where_the_node_gives_none() -> None:
    expected = bytes.fromhex(GIVEN["default_witness_commitment"])
    assert read(without("default_witness_commitment")).block.commitment == expected


def test_before_segwit_limits_are_the_old_ones() -> None:
    old = read({
        **without("default_witness_commitment", "sigoplimit", "sizelimit", "weightlimit"),
        "rules": [], "transactions": [],
    })  # fmt: skip
    assert old.limits == Limits(20_000, 1_000_000, None)
    assert not old.segwit


def test_bits_that_others_vote_with_are_kept() -> None:
    template = read(answer(vbavailable={"testdummy": 28, "!other": 13}, vbrequired=1 << 20))
    assert template.kept_bits == 1 << 28 | 1 << 13 | 1 << 20


def test_the_time_is_never_before_the_earliest() -> None:
    template = read(answer(curtime=5, mintime=7))
    assert template.block.current_time == 7


def test_an_unknown_rule_is_refused_by_its_name_whatever_else_is_there() -> None:
    with pytest.raises(UnknownRuleError, match="newrule"):
        read({"rules": ["csv", "!newrule"], "transactions": "in a new form"})


def test_a_rule_without_exclamation_mark_may_be_unknown() -> None:
    assert read(answer(rules=["newrule", "!segwit"])) == read(GIVEN)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (answer(signet_challenge="51"), "signature"),
        (answer(rules=["!segwit", "!signet"]), "signature"),
        ({**without("coinbasevalue"), "coinbasetxn": {"data": "00"}}, "ready coinbase"),
        (without("coinbasevalue"), "no coinbasevalue"),
        (without("bits"), "bits"),
        ([], "object"),
        (None, "object"),
        (answer(bits=None), "bits"),
        (answer(bits="+0x7ffff"), "hexadecimal"),
        (answer(bits="20 7f ff"), "hex digits alone"),
        (answer(bits="00000000"), "no hash meets"),
        (answer(bits="ff7fffff"), "above"),
        (answer(bits="1d00ffff"), "not that of its bits"),
        (answer(target="00" * 32), "not that of its bits"),
        (answer(height="many"), "height"),
        (answer(height=-1), "height"),
        (answer(height=1 << 40), "height"),
        (answer(height=1.5), "height"),
        (answer(previousblockhash="00"), "previousblockhash"),
        (answer(previousblockhash=" " * 64), "hex digits alone"),
        (answer(coinbasevalue=-1), "coinbasevalue"),
        (answer(coinbasevalue=21_000_000 * 100_000_000 + 1), "coinbasevalue"),
        (answer(curtime=1 << 32), "curtime"),
        (answer(maxtime=GIVEN["curtime"] - 1), "maxtime"),
        (answer(noncerange="0000000000ffffff"), "only the nonces"),
        (answer(longpollid="x" * 2000), "longpollid"),
        (answer(noncerange="x" * 2000), "noncerange"),
        (answer(rules=["!" + "x" * 2000]), "xxx', which is unknown"),
        (answer(rules=["x" * 20_000]), "rules"),
        (answer(coinbaseaux={"flags": "zz"}), "not usable"),
        (answer(transactions=[{}]), "data"),
        (answer(transactions=[]), "commitment does not match"),
        (answer(transactions=[FIRST, FIRST]), "twice"),
        (answer(transactions=[FIRST] * (MAX_TRANSACTIONS + 1)), "transactions"),
        (answer(transactions=GIVEN["transactions"][::-1]), "in front of"),
        (answer(rules=["csv"], default_witness_commitment=None), "does not follow segwit"),
        (with_first(hash=FIRST["txid"]), "not what its id says"),
        (with_first(data=FIRST["data"][:-2] + "01"), "not what its id says"),
        (with_first(data="00" * 40), "data"),
        (with_first(fee=-1), "fee"),
        (with_first(weight=1), "weighs not 1"),
        (with_first(weight=1_000_000), "weighs not"),
        (with_first(sigops=-1), "sigops"),
        (with_first(depends=[1]), "in front of"),
        (with_first(depends=[0]), "in front of"),
        (with_first(depends=["x"]), "depends"),
    ],
)  # fmt: skip
def test_a_template_that_cannot_be_right_is_refused_in_one_line(said: object, words: str) -> None:
    with pytest.raises(TemplateError, match=words) as error:
        read(said)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 400


def test_a_txid_that_belongs_to_other_data_is_noticed_without_a_witness() -> None:
    plain = bytes.fromhex("01000000" + "01" + "11" * 36 + "00" + "ff" * 4 + "00" + "00" * 14)
    entry = {"data": plain.hex(), "fee": 0, "txid": sha256d(plain)[::-1].hex()}
    old = {**without("default_witness_commitment"), "rules": []}
    assert read({**old, "transactions": [entry]}).block.transactions[0].data == plain
    with pytest.raises(TemplateError, match="not what its id says"):
        read({**old, "transactions": [entry | {"txid": "22" * 32, "hash": entry["txid"]}]})


@given(st.binary(max_size=200))
def test_any_bytes_are_a_template_error(data: bytes) -> None:
    with pytest.raises(TemplateError):
        parse(data)


def test_deep_nesting_is_an_error_and_no_crash() -> None:
    deep = b"[" * 200_000 + b"]" * 200_000
    with pytest.raises(EncodingError):
        parse(b'{"rules":' + deep + b"}")
    with pytest.raises(EncodingError):
        parse(b'{"unknown":' + deep + b"}")


@pytest.mark.parametrize(
    ("key", "opening", "item", "closing"),
    [
        ("rules", b"[", b'"a"', b"]"),
        ("mutable", b"[", b'""', b"]"),
        ("coinbaseaux", b"{", b'"":""', b"}"),
        ("vbavailable", b"{", b'"":1', b"}"),
        ("transactions", b"[", b"{}", b"]"),
        ("unknown", b"[", b'""', b"]"),
        ("depends", b"[", b"999", b"]"),
    ],
)
def test_many_small_things_do_not_fill_the_memory(
    key: str, opening: bytes, item: bytes, closing: bytes
) -> None:
    many = opening + b",".join([item] * 500_000) + closing
    if key == "depends":
        first = json.dumps({**FIRST, key: "?"}).encode().replace(b'"?"', many)
        data = json.dumps(answer(transactions="?")).encode().replace(b'"?"', b"[" + first + b"]")
    else:
        data = json.dumps(answer(**{key: "?"})).encode().replace(b'"?"', many)
    tracemalloc.start()
    try:
        with suppress(TemplateError):
            parse(data)
        assert tracemalloc.get_traced_memory()[1] < 4 * len(data)
    finally:
        tracemalloc.stop()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)


@given(st.sampled_from(sorted(GIVEN)), JSON)
def test_any_value_at_any_key_is_read_or_refused(key: str, value: object) -> None:
    try:
        template = read(answer(**{key: value}))
    except TemplateError:
        return
    assert isinstance(template, NodeTemplate)


@given(st.sampled_from(sorted(FIRST)), JSON)
def test_any_value_in_a_transaction_is_read_or_refused(key: str, value: object) -> None:
    try:
        template = read(with_first(**{key: value}))
    except TemplateError:
        return
    assert [each.txid for each in template.block.transactions] == [
        bytes.fromhex(each["txid"])[::-1] for each in GIVEN["transactions"]
    ]


@given(st.data())
def test_a_damaged_template_is_read_as_it_was_or_refused(data: st.DataObject) -> None:
    raw = bytearray(json.dumps(GIVEN).encode())
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] = data.draw(st.integers(0, 255))
    try:
        template = parse(bytes(raw))
    except TemplateError:
        return
    # What is hashed into a block is protected by its ids; numbers have no such guard.
    assert template.block.transactions[0].data == bytes.fromhex(FIRST["data"])


def test_it_reads_what_msgspec_left_unread() -> None:
    raw = msgspec.json.decode(
        json.dumps({"result": GIVEN}).encode(), type=dict[str, msgspec.Raw]
    )["result"]  # fmt: skip
    assert parse(raw) == read(GIVEN)
