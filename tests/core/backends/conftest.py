import pytest

from stampmill.core.backends import threads
from tests.scanning import take_place_beside_other_tests


@pytest.fixture(autouse=True)
def scan_beside_other_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "take_place", take_place_beside_other_tests)
