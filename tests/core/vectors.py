"""The verified vectors of tests/vectors/stratum.json, and the ids under which tests show them."""

import json
from pathlib import Path
from typing import Any

import pytest

Vector = dict[str, Any]

VECTORS: Vector = json.loads(
    (Path(__file__).parent.parent / "vectors" / "stratum.json").read_text(encoding="utf-8")
)


def named(section: str, key: str = "name") -> list[Any]:
    """Return a pytest parameter for each entry of a section, named by one of its members."""
    return [pytest.param(entry, id=str(entry[key])) for entry in VECTORS[section]]


def swap_words(data: bytes) -> bytes:
    """Reverse the bytes of each 4-byte word: the previous hash as a notify carries it."""
    return b"".join(data[i : i + 4][::-1] for i in range(0, len(data), 4))
