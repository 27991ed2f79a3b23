"""Whatever JSON a peer makes up, neither side ever raises."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from stampmill.pool.stratum.json_line import encode_line
from stampmill.pool.stratum.server_protocol import ServerProtocol
from tests.pool.upstream.sessions import HANDSHAKE, NOTIFY, any_share, only_job, opened, started

METHODS = [
    "mining.notify", "mining.set_difficulty", "mining.set_extranonce", "mining.set_version_mask",
    "client.reconnect", "client.show_message", "client.get_version", "mining.ping",
    "mining.configure", "mining.subscribe", "mining.authorize", "mining.submit",
    "mining.suggest_difficulty", "mining.suggest_target", "mining.extranonce.subscribe",
    "mining.get_transactions", "mining.pong",
]  # fmt: skip

numbers = st.integers(-(10**40), 10**40) | st.floats(allow_nan=False, allow_infinity=False)
texts = st.text(max_size=12) | st.sampled_from(["00" * 32, "1fffe000", "0x20", "", "1e9", "nan"])
scalars = st.none() | st.booleans() | numbers | texts
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
params = st.lists(values, max_size=10) | values
calls = st.fixed_dictionaries(
    {"method": st.sampled_from(METHODS) | scalars}, optional={"id": values, "params": params}
)
errors = values | st.tuples(values, values).map(list)
answers = st.fixed_dictionaries(
    {"id": st.integers(0, 6) | values},
    optional={"result": values, "error": errors, "reject-reason": values},
)
lines = st.lists((calls | answers).map(encode_line), max_size=5).map(b"".join)


@settings(max_examples=50)
@given(lines)
def test_a_server_takes_anything(data: bytes) -> None:
    events = ServerProtocol().feed(data)
    assert len(events) == data.count(b"\n")


@settings(max_examples=50)
@given(lines)
def test_a_client_takes_anything_in_the_handshake(data: bytes) -> None:
    protocol = started()
    check(protocol.feed(data + HANDSHAKE + NOTIFY, 1000.0))


@settings(max_examples=50)
@given(lines)
def test_a_client_takes_anything_while_it_mines(data: bytes) -> None:
    protocol = opened()
    job = only_job(protocol.feed(NOTIFY, 1000.0))
    events = protocol.submit(any_share(job), 1000.0) + protocol.feed(data, 1000.0)
    check([*events, *protocol.poll(1001.0), *protocol.submit(any_share(job, 1), 1001.0)])


def check(events: list[Any]) -> None:
    """Look at every event as a shell would: its text must be one printable line."""
    for event in events:
        text = getattr(event, "text", "")
        assert text.isprintable()
        assert len(text) < 400
