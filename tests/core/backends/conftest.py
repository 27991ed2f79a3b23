from dataclasses import replace

import pytest

from stampmill.core.backends import threads
from stampmill.core.backends.placement import Placement, take_place


@pytest.fixture(autouse=True)
def scan_beside_other_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """To give way, among tests that run, is to wait: for all of them, however they are made."""

    def take_turns(place: Placement) -> None:
        take_place(replace(place, gives_way=False))

    monkeypatch.setattr(threads, "take_place", take_turns)
