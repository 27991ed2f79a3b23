from typing import Any

import pytest

from stampmill.core.errors import ScanRequestError, StampmillError
from stampmill.core.scan import MAX_HITS, MAX_VERSIONS, NONCE_SPACE, CancelWord, ScanRequest

WHOLE: dict[str, Any] = {
    "prefix": bytes(76),
    "versions": (1, 2),
    "first": 0,
    "end": NONCE_SPACE,
    "target": 0,
}


@pytest.mark.parametrize(
    "fine",
    [
        {},
        {"first": NONCE_SPACE},
        {"first": 5, "end": 5},
        {"versions": (0,) * MAX_VERSIONS, "first_version": MAX_VERSIONS - 1},
        {"target": (1 << 256) - 1},
        {"max_hits": 1},
        {"max_hits": MAX_HITS},
    ],
)
def test_a_request_at_the_limits_is_taken(fine: dict[str, Any]) -> None:
    ScanRequest(**WHOLE | fine)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"prefix": bytes(80)}, "80"),
        ({"prefix": b""}, "0"),
        ({"versions": ()}, "0"),
        ({"versions": (0,) * (MAX_VERSIONS + 1)}, "17"),
        ({"first": -1}, r"\[-1, "),
        ({"first": 6, "end": 5}, r"\[6, 5\)"),
        ({"end": NONCE_SPACE + 1}, "4294967297"),
        ({"first_version": 2}, "index 2"),
        ({"first_version": -1}, "index -1"),
        ({"target": -1}, "-0x1"),
        ({"target": 1 << 256}, "0x1000"),
        ({"max_hits": 0}, "not 0"),
        ({"max_hits": MAX_HITS + 1}, "1025"),
    ],
)
def test_an_impossible_request_is_refused_by_name(wrong: dict[str, Any], named: str) -> None:
    with pytest.raises(ScanRequestError, match=named):
        ScanRequest(**WHOLE | wrong)


def test_a_refused_request_is_both_ours_and_a_value_error() -> None:
    assert issubclass(ScanRequestError, StampmillError)
    assert issubclass(ScanRequestError, ValueError)


def test_a_cancel_word_is_one_aligned_32_bit_word() -> None:
    memory = CancelWord().memory
    assert (len(memory), memory.itemsize) == (1, 4)
    assert memory.buffer_info()[0] % 4 == 0


def test_a_cancel_word_stays_set() -> None:
    word = CancelWord()
    assert not word.is_set()
    word.set()
    word.set()
    assert word.is_set()


def test_cancelling_one_scan_leaves_another_alone() -> None:
    one, other = CancelWord(), CancelWord()
    one.set()
    assert not other.is_set()
