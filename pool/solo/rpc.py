"""JSON-RPC as Bitcoin nodes speak it over HTTP: bodies out, results or typed errors in."""

from collections.abc import Sequence

import msgspec

from stampmill.pool.solo.errors import (
    NodeBusyError,
    NodeError,
    NodeRefusedError,
    RpcError,
)
from stampmill.pool.stratum.json_line import printable

NULL = b"null"

# bitcoin/bitcoin src/rpc/protocol.h
METHOD_NOT_FOUND = -32601
_CURES = {
    -28: "it is still starting; nothing to do but wait",
    -10: "it is still downloading the chain; mining starts by itself when it is done",
    -9: "it has no peers: let it connect to the network",
}

_MAX_SHOWN = 200


class _Body(msgspec.Struct):
    code: int = 0
    message: str = ""


class _Answer(msgspec.Struct):
    result: msgspec.Raw = msgspec.Raw(NULL)
    error: msgspec.Raw = msgspec.Raw(NULL)


_answer_decoder = msgspec.json.Decoder(_Answer)
_error_decoder = msgspec.json.Decoder(_Body)


def request(method: str, params: Sequence[object], call_id: int) -> bytes:
    """Return the body of a call."""
    # Without "jsonrpc": "2.0", which nodes before Core 28 answer in the old form anyway.
    return msgspec.json.encode({"id": call_id, "method": method, "params": params})


def read_answer(status: int, content_type: str, body: bytes) -> msgspec.Raw:
    """Return the result of a call, still as JSON; raise NodeError with what was answered instead.

    The body counts, not the status: Core answers errors of a call with status 500 or 404.
    """
    if status in {401, 403}:
        raise _refusal(status)
    try:
        answer = _answer_decoder.decode(body)
        error = None if bytes(answer.error) == NULL else _error_decoder.decode(answer.error)
    except (ValueError, RecursionError):
        raise _no_json(status, content_type, body) from None
    if error is not None:
        raise _error(error)
    if not 200 <= status < 300:
        raise NodeError(f"the node answers HTTP {status} without a reason")
    return answer.result


def read_text(result: msgspec.Raw) -> str | None:
    """Return a result that is a string or null; raise NodeError for anything else."""
    try:
        return msgspec.json.decode(result, type=str | None)
    except (ValueError, RecursionError):
        raise NodeError(f"the node's answer is no text: {shown(bytes(result))}") from None


def shown(data: bytes) -> str:
    """Return the start of what a node said, on one line and safe to print."""
    text = " ".join(printable(data[:_MAX_SHOWN].decode("utf-8", "replace")).split())
    return text if len(data) <= _MAX_SHOWN else text + "..."


def _error(said: _Body) -> NodeError:
    message = shown(said.message.encode("utf-8", "replace"))
    if said.code in _CURES:
        return NodeBusyError(f"the node answers: {message} ({_CURES[said.code]})")
    return RpcError(said.code, message)


def _refusal(status: int) -> NodeError:
    if status == 401:
        return NodeRefusedError(
            "the node refuses our user and password (HTTP 401): give them as in its bitcoin.conf, "
            "http://USER:PASS@HOST:PORT, or its cookie file with --rpc-cookie"
        )
    return NodeRefusedError(
        "the node does not serve our address (HTTP 403): allow it there with rpcallowip"
    )


def _no_json(status: int, content_type: str, body: bytes) -> NodeError:
    if status == 503:
        return NodeBusyError(f"the node is overloaded: {shown(body) or 'HTTP 503'}")
    kind = shown(content_type.encode("utf-8", "replace")) or "no content type"
    return NodeError(
        f"no node's RPC answers there, but HTTP {status} with {kind}"
        f"{f', {shown(body)!r}' if body else ''}: check host and port"
    )
