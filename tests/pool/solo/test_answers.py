"""What nodes answer: to any call, and to a found block."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stampmill.core.job import RejectReason, Verdict
from stampmill.pool.solo import rpc, submission
from stampmill.pool.solo.errors import NodeBusyError, NodeError, NodeRefusedError, RpcError
from stampmill.pool.solo.submission import Fate, as_result, best, read_answer, read_error
from tests.pool.node.vectors import case


def answered(status: int = 200, **body: Any) -> object:
    raw = json.dumps({"id": 1} | body).encode()
    return json.loads(bytes(rpc.read_answer(status, "application/json", raw)))


def test_a_call_is_the_json_that_nodes_read() -> None:
    body = json.loads(rpc.request("submitblock", ("00ff", {"workid": "x"}), 7))
    assert body == {"id": 7, "method": "submitblock", "params": ["00ff", {"workid": "x"}]}


def test_a_result_is_what_counts() -> None:
    assert answered(result={"a": 1}, error=None) == {"a": 1}
    assert answered(result=None, error=None) is None
    assert answered(result="x", jsonrpc="2.0") == "x"


@pytest.mark.parametrize("status", [200, 404, 500])
def test_an_error_is_in_the_body_whatever_the_status(status: int) -> None:
    with pytest.raises(RpcError, match="Block decode failed") as error:
        answered(status, result=None, error={"code": -22, "message": "Block decode failed"})
    assert error.value.code == -22


@pytest.mark.parametrize("code", [-28, -10, -9])
def test_some_errors_pass_by_themselves_and_say_so(code: int) -> None:
    with pytest.raises(NodeBusyError):
        answered(500, result=None, error={"code": code, "message": "not yet"})


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (401, b"", NodeRefusedError, "--rpc-cookie"),
        (403, b"<html>", NodeRefusedError, "rpcallowip"),
        (503, b"Work queue depth exceeded", NodeBusyError, "Work queue"),
        (503, b"", NodeBusyError, "HTTP 503"),
        (200, b"<html>\n<b>Hi", NodeError, "check host and port"),
        (200, b"", NodeError, "check host and port"),
        (200, b"\xff\x00\x1b[2J", NodeError, "check host and port"),
        (200, b'{"error": 5}', NodeError, "check host and port"),
        (500, b'{"result": 1}', NodeError, "HTTP 500"),
    ],
)
def test_other_servers_are_told_in_one_line(
    status: int, body: bytes, kind: type[NodeError], words: str
) -> None:
    with pytest.raises(kind, match=words) as error:
        rpc.read_answer(status, "text/html", body)
    assert str(error.value).isprintable()
    assert len(str(error.value)) < 400


@given(st.integers(100, 599), st.text(max_size=20), st.binary(max_size=60))
def test_any_answer_is_a_result_or_a_node_error(status: int, kind: str, body: bytes) -> None:
    with suppress(NodeError):
        bytes(rpc.read_answer(status, kind, body))


@pytest.mark.parametrize("words", [*case()["negative"].values(), "duplicate-invalid", "weird"])
def test_every_refusal_of_a_real_node_is_explained(words: str) -> None:
    if words.startswith("submitblock:"):
        answer = read_error(RpcError(-22, "Block decode failed"))
    else:
        answer = read_answer(words)
    assert answer.fate is Fate.REFUSED
    assert answer.words in words or answer.words == words
    known = answer.meaning != "a reason that is not known here"
    assert known is (words != "weird")
    assert as_result(answer, 0.1).verdict is Verdict.REJECTED


@pytest.mark.parametrize(
    ("result", "fate", "verdict", "reason"),
    [
        (None, Fate.ACCEPTED, Verdict.ACCEPTED, None),
        (case()["resubmit_result"], Fate.KNOWN, Verdict.ACCEPTED, None),
        (case()["sidechain_result"], Fate.ASIDE, Verdict.REJECTED, RejectReason.STALE),
        ("rejected: duplicate", Fate.KNOWN, Verdict.ACCEPTED, None),
        ("rejected: high-hash", Fate.REFUSED, Verdict.REJECTED, RejectReason.LOW_DIFFICULTY),
        ("duplicate-invalid", Fate.REFUSED, Verdict.REJECTED, RejectReason.DUPLICATE),
        ("duplicate-inconclusive", Fate.ASIDE, Verdict.REJECTED, RejectReason.STALE),
    ],
)
def test_verdict_of_an_answer(
    result: str | None, fate: Fate, verdict: Verdict, reason: RejectReason | None
) -> None:
    answer = read_answer(result)
    assert answer.fate is fate
    assert (as_result(answer, 0.1).verdict, as_result(answer, 0.1).reason) == (verdict, reason)


def test_without_an_answer_a_block_is_lost() -> None:
    answer = read_error(NodeError("no answer from the node within 60 s"))
    assert as_result(answer, 0.1).verdict is Verdict.LOST
    assert "within 60 s" in str(answer)


def test_of_several_answers_the_best_counts() -> None:
    answers = [read_answer(words) for words in ("high-hash", "inconclusive", None, "duplicate")]
    assert best(answers).fate is Fate.ACCEPTED
    assert best(answers[:2]).fate is Fate.ASIDE
    assert best([submission.read_error(NodeError("")), answers[0]]).fate is Fate.REFUSED
