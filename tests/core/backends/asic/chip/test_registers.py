from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stampmill.core.backends.asic.chip import registers
from stampmill.core.backends.asic.chip.bringup import roll_versions, ticket
from stampmill.core.backends.asic.chip.table import by_name
from stampmill.core.backends.asic.wire.commands import write
from stampmill.core.errors import EncodingError
from tests.core.backends.asic.vectors import cases


@cases("ticket_mask")
def test_every_ticket_mask(case: dict[str, Any]) -> None:
    bits = registers.ticket_bits(case["difficulty_requested"])
    assert bits == case["extra_zero_bits"]
    assert 1 << bits == case["effective_difficulty"]
    assert registers.ticket_mask(bits) == int(case["reg_value"], 16)
    assert ticket(bits).encode().hex() == case["frame"]


@cases("version_mask")
def test_every_version_mask(case: dict[str, Any]) -> None:
    mask = int(case["pool_mask"], 16)
    assert registers.version_rolling(mask) == int(case["reg_value"], 16)
    assert roll_versions(mask).encode().hex() == case["frame"]


@cases("chip_nonce_offset")
def test_every_nonce_offset(case: dict[str, Any]) -> None:
    value = registers.nonce_offset(case["index"], case["chips"])
    assert value & 0xFFFF == int(case["offset"], 16)
    command = write(registers.NONCE_OFFSET, value, case["chip_addr"])
    assert command.encode().hex() == case["frame"]


@cases("baud")
def test_every_line_rate(case: dict[str, Any]) -> None:
    register, value = int(case["register"], 16), int(case["value"], 16)
    assert write(register, value).encode().hex() == case["frame"]


@pytest.mark.parametrize("name", ["bm1370", "BM1366", "bm1368", "bm1362", "BM1397"])
def test_line_rates_of_the_table_are_those_of_the_vectors(name: str) -> None:
    from tests.core.backends.asic.vectors import section  # noqa: PLC0415  used here alone

    chip = by_name(name)
    assert chip is not None
    known = {(case["register"], int(case["value"], 16)): case["baud"] for case in section("baud")}
    for rate, value in chip.fast_bauds:
        # A host opens the round figure next to the chip's, less than 5 % away.
        assert known[f"{chip.baud_register:02x}", value] == pytest.approx(rate, rel=0.05)


@given(st.integers(0, 32))
def test_a_mask_says_how_many_bits_it_has(bits: int) -> None:
    assert registers.bits_of_ticket_mask(registers.ticket_mask(bits)) == bits


@pytest.mark.parametrize("difficulty", [0.0, 0.999, -1.0])
def test_no_ticket_is_easier_than_difficulty_one(difficulty: float) -> None:
    with pytest.raises(EncodingError):
        registers.ticket_bits(difficulty)


@pytest.mark.parametrize(
    ("register", "value", "word"),
    [(0x0B, 0x00, 0x80008B00), (0x05, 0x40, 0x80008540), (0x02, 0xAA, 0x800082AA)],
)
def test_core_registers_go_through_the_mailbox(register: int, value: int, word: int) -> None:
    assert registers.core_register(register, value) == word
