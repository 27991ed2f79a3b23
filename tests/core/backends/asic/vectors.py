"""The vectors of tests/vectors/asic.json: each section a list of cases with an id."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

_FILE = Path(__file__).parents[3] / "vectors" / "asic.json"


@cache
def _vectors() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))
    return loaded


def section(name: str) -> list[dict[str, Any]]:
    """Return the cases of a section."""
    cases: list[dict[str, Any]] = _vectors()[name]
    return cases


def by_id(name: str, case_id: str) -> dict[str, Any]:
    """Return one case."""
    return next(case for case in section(name) if case["id"] == case_id)


def cases(name: str) -> pytest.MarkDecorator:
    """Run a test for each case of a section, given as `case`."""
    return pytest.mark.parametrize("case", section(name), ids=lambda case: case["id"])
