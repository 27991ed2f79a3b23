"""The verified vectors of tests/vectors/stratum.json, and the ids under which tests show them."""

import json
from pathlib import Path
from typing import Any

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parent.parent / "vectors" / "stratum.json").read_text(encoding="utf-8")
)


def named(section: str, key: str = "name") -> dict[str, Any]:
    """Return pytest parameters for each entry of a section, named by one of its members."""
    entries = VECTORS[section]
    return {"argvalues": entries, "ids": [str(entry[key]) for entry in entries]}


def swap_words(data: bytes) -> bytes:
    """Reverse the bytes of each 4-byte word: the previous hash as a notify carries it."""
    return b"".join(data[i : i + 4][::-1] for i in range(0, len(data), 4))
