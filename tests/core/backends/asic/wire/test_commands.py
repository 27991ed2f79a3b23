from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from stampmill.core.backends.asic.wire.commands import (
    Command,
    Operation,
    chain_inactive,
    decode_command,
    read,
    set_address,
    write,
)
from tests.core.backends.asic.vectors import cases

BYTES = st.integers(0, 255)


def command_of(fields: dict[str, Any]) -> Command:
    address = None if fields["broadcast"] else fields.get("chip_addr")
    match fields["op"]:
        case "read":
            return read(fields["reg"], address)
        case "write":
            return write(fields["reg"], fields["value"], address)
        case "set_address":
            return set_address(fields["new_address"])
        case _:
            return chain_inactive()


@cases("command_frame")
def test_every_command_of_the_vectors_both_ways(case: dict[str, Any]) -> None:
    frame, command = bytes.fromhex(case["hex"]), command_of(case["fields"])
    assert command.encode() == frame
    assert decode_command(frame) == command


@given(BYTES, st.integers(0, 2**32 - 1), st.none() | BYTES)
def test_a_write_comes_back(register: int, value: int, address: int | None) -> None:
    command = write(register, value, address)
    assert decode_command(command.encode()) == command
    assert (command.operation, command.all_chips) == (Operation.WRITE, address is None)


@given(BYTES, st.none() | BYTES)
def test_the_short_commands_come_back(register: int, address: int | None) -> None:
    for command in (read(register, address), set_address(register), chain_inactive()):
        assert decode_command(command.encode()) == command


@given(BYTES, st.integers(1, 31))
def test_a_wrong_check_sum_is_no_command(register: int, flipped: int) -> None:
    frame = bytearray(read(register).encode())
    frame[-1] ^= flipped
    assert decode_command(bytes(frame)) is None
