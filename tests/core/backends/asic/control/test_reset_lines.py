import pytest
from hypothesis import given
from hypothesis import strategies as st

from stampmill.core.backends.asic.control.reset_lines import (
    CP2105,
    FTDI,
    set_cbus,
    write_latch,
)
from stampmill.core.backends.asic.link.transfers import ControlTransfer
from stampmill.core.errors import EncodingError


@pytest.mark.parametrize(
    ("transfer", "setup", "data"),
    [
        # cgminer's driver: mask 07 with state 07 is off, with state 00 on; request 37e1.
        (CP2105.hold, "41ff e137 0000 0200", "0707"),
        (CP2105.release, "41ff e137 0000 0200", "0700"),
        # Value 20f0 pulls CBUS1 low, 20f2 lets it go.
        (FTDI.hold, "400b f020 0000 0000", ""),
        (FTDI.release, "400b f220 0000 0000", ""),
    ],
)
def test_each_line_is_told_what_cgminer_tells_it(
    transfer: ControlTransfer, setup: str, data: str
) -> None:
    assert transfer.setup == bytes.fromhex(setup)
    assert transfer.data == bytes.fromhex(data)


@given(st.integers(0, 1), st.integers(0, 0xFF), st.integers(0, 0xFF))
def test_a_latch_is_of_one_interface(interface: int, mask: int, state: int) -> None:
    transfer = write_latch(interface, mask, state)
    assert transfer.setup[4:6] == bytes((interface, 0))
    assert transfer.data == bytes((mask, state))


@given(st.integers(0, 15), st.integers(0, 15))
def test_a_bit_mode_holds_directions_and_levels(outputs: int, levels: int) -> None:
    low, high = set_cbus(outputs, levels).setup[2:4]
    assert (low >> 4, low & 15, high) == (outputs, levels, 0x20)


@pytest.mark.parametrize("wrong", [-1, 256])
def test_what_no_pin_has_is_refused(wrong: int) -> None:
    with pytest.raises(EncodingError):
        write_latch(0, wrong, 0)
    with pytest.raises(EncodingError):
        set_cbus(15, wrong)
