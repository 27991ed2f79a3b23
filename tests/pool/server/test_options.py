import re
from dataclasses import replace
from typing import Any

import pytest

from stampmill.core.errors import UsageError
from stampmill.pool.server.options import PoolOptions


def test_defaults_stay_on_this_machine() -> None:
    assert PoolOptions().host == "127.0.0.1"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("share_interval", 0),
        ("share_interval", float("nan")),
        ("start_difficulty", -1.0),
        ("fixed_difficulty", float("inf")),
        ("fixed_difficulty", 1e300),
        ("block_pause", -0.5),
        ("idle_timeout", 0),
        ("send_limit", 0),
        ("job_interval", 0),
        ("port", 65536),
        ("extranonce1_size", 0),
        ("extranonce1_size", 33),
        ("extranonce2_size", -1),
        ("extranonce2_size", 17),
        ("block_every", -1),
        ("transactions", -1),
        ("max_connections", 0),
        ("jobs_kept", 0),
        ("shares_kept", 0),
        ("version_mask", 0x20000000),
    ],
)
def test_nonsense_is_refused_by_name_and_value(name: str, value: Any) -> None:
    with pytest.raises(UsageError, match=f"{name} must be .* not {re.escape(str(value))}"):
        replace(PoolOptions(), **{name: value})
