import os

import pytest

from stampmill.bench.processes import children
from stampmill.bench.processes.children import ChildError

POOL = {"job_interval": 5.0}


def is_running(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_pool_says_where_it_is_and_what_it_did():
    with children.running("pool", POOL) as pool:
        assert pool.ready["url"].startswith("stratum+tcp://127.0.0.1:")
        counters = pool.stop()
    assert counters["connections_total"] == 0
    assert counters["stale"] == 0


def test_a_child_never_outlives_its_block():
    with children.running("pool", POOL) as pool:
        assert is_running(pool.pid)
    assert not is_running(pool.pid)


def test_a_child_that_fails_gives_its_own_words():
    settings = {"url": "stratum+tcp://127.0.0.1:1", "jobs": 1}
    with pytest.raises(ChildError, match=r"^mine: .*127\.0\.0\.1:1"):
        children.call("mine", settings, 60)


def test_a_child_that_takes_too_long_is_ended():
    with children.running("pool", POOL) as pool:
        settings = {"url": pool.ready["url"], "jobs": 1_000_000}
        with pytest.raises(ChildError, match="mine: no result within 1 s"):
            children.call("mine", settings, 1.0)


def test_a_pool_that_cannot_start_is_an_error():
    with (
        pytest.raises(ChildError, match="pool: ended without a word"),
        children.running("pool", {"port": -1}),
    ):
        pass
