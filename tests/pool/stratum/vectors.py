"""The shared vectors and what tests of both sides need of them."""

import json
from pathlib import Path
from typing import Any

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "vectors" / "stratum.json").read_text()
)
SHARES: list[dict[str, Any]] = VECTORS["stratum_shares"]
SHARE_NAMES = [case["name"] for case in SHARES]


def share(name: str) -> dict[str, Any]:
    """Return the share vector of that name."""
    return next(case for case in SHARES if case["name"] == name)


def line(message: dict[str, Any]) -> bytes:
    """Return a message as other programs write it: json's spacing, not ours."""
    return json.dumps(message).encode() + b"\n"
