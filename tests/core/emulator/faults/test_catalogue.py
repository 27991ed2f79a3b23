import pytest

from stampmill.core.emulator.faults.catalogue import CATALOGUE, Name, listing, parse
from stampmill.core.emulator.line.wire import Chunking
from stampmill.core.emulator.peripherals.faults import PowerFault
from stampmill.core.errors import UsageError


def test_names_carry_their_parameter_or_the_usual_one():
    faults = parse(["flipped-bit:7", "lost-write:14", "stall", "stuck-fan", "split-reads"])
    assert faults.values == {
        Name.FLIPPED_BIT: 7, Name.LOST_WRITE: 0x14, Name.STALL: 20, Name.SPLIT_READS: 0,
    }  # fmt: skip
    assert faults.power == {PowerFault.STUCK_FAN}
    assert faults.chunking is Chunking.BYTES


@pytest.mark.parametrize(
    ("text", "said"),
    [("fliped-bit", "did you mean 'flipped-bit'"), ("stall:soon", "every N seconds"),
     ("split-reads:3", "takes no parameter"), ("lost-write:zz", "register, hex"),
     ("dead-chip:-1", "index"), ("stuck-fan:2", "no fault 'stuck-fan'"), ("stall:inf", "every N")],
)  # fmt: skip
def test_what_is_no_fault_is_named(text, said):
    with pytest.raises(UsageError, match=said):
        parse([text])


def test_all_are_listed():
    text = listing()
    assert all(name.value in text for name in Name)
    assert all(fault.value in text for fault in PowerFault)
    assert set(CATALOGUE) == set(Name)
