"""`stampmill mine` at a node, as far as it goes without one."""

import socket

ADDRESS = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"
ANYWHERE = ("--backend", "reference", "--threads", "1")


def test_a_node_that_is_not_there_is_named_and_ends_the_run_after_the_retries(stampmill):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    done = stampmill(
        "mine", "-o", f"http://me:geheim@127.0.0.1:{port}", "--coinbase-addr", ADDRESS,
        "--retries", "1", *ANYWHERE,
    )  # fmt: skip
    assert done.code == 4
    assert done.error_lines[-1] == (
        f"stampmill: no node to mine on: http://127.0.0.1:{port}: connection refused"
    )
    assert "geheim" not in done.err


def test_a_pool_takes_over_from_a_node_that_is_not_there(stampmill, start):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    pool = start("pool", "--listen", "127.0.0.1:0")
    address = pool.stderr.readline().split()[-1]
    done = stampmill(
        "mine", "-o", f"http://me:geheim@127.0.0.1:{port}", "--coinbase-addr", ADDRESS,
        "-o", f"stratum+tcp://{address}", "-u", "me", "--time-limit", "8", "--json", *ANYWHERE,
    )  # fmt: skip
    assert done.code == 0, done.err
    assert done.json["accepted"] >= 1
    node = done.json["other_pools"][0]
    assert node["pool"] == f"http://127.0.0.1:{port}"
    assert node["connection_faults"]["no-node-answers"] >= 1
    assert "geheim" not in done.err + done.out


def test_half_of_the_settings_is_a_usage_error_and_never_a_demo(refused):
    for arguments, words in (
        (("-o", "http://u:p@127.0.0.1:8332"), "needs --coinbase-addr"),
        (("--coinbase-addr", ADDRESS), "add a node"),
        (("-o", "http://127.0.0.1:8332", "--coinbase-addr", "mine!"), "'mine!' is no payout"),
        (("-o", "http://127.0.0.1:8332", "--coinbase-addr", ADDRESS, "--chain", "test"), "--chain"),
        (("-o", "http://127.0.0.1:8332", "--coinbase-addr", ADDRESS, "--chain", "moon"),
         "expected main or test"),
    ):  # fmt: skip
        done = refused("mine", *arguments, *ANYWHERE)
        assert done.code == 2, done.err
        assert words in done.error_lines[-1]


def test_variables_say_the_same_as_flags(stampmill):
    done = stampmill(
        "mine", *ANYWHERE,
        STAMPMILL_URL="http://u:p@127.0.0.1:1", STAMPMILL_COINBASE_ADDR=ADDRESS,
        STAMPMILL_RETRIES="1",
    )  # fmt: skip
    assert done.code == 4
    assert "no node to mine on" in done.error_lines[-1]
