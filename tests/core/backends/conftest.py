from dataclasses import replace

import pytest

from stampmill.core.backends import placement, threads


@pytest.fixture(autouse=True)
def scan_beside_other_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let scan threads take turns with the rest: to give way, among tests that run, is to wait."""

    def take_place(place: placement.Placement) -> None:
        placement.take_place(replace(place, gives_way=False))

    monkeypatch.setattr(threads, "take_place", take_place)
