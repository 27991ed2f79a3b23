from typing import Any

import pytest

from stampmill.core.backends.asic.wire.crc import crc5, crc16
from tests.core.backends.asic.vectors import cases, section


@cases("crc5")
def test_crc5_of_every_vector(case: dict[str, Any]) -> None:
    assert crc5(bytes.fromhex(case["data"]), case["bits"]) == case["crc"]


@pytest.mark.parametrize(
    "case",
    [case for case in section("crc16") if case["variant"] == "CCITT-FALSE"],
    ids=lambda case: case["id"],
)
def test_crc16_of_every_vector(case: dict[str, Any]) -> None:
    assert crc16(bytes.fromhex(case["data"])) == case["crc"]


def test_a_whole_number_of_bytes_needs_no_count() -> None:
    data = bytes.fromhex("510900a49000ffff")
    assert crc5(data) == crc5(data, 64) == 0x1C
