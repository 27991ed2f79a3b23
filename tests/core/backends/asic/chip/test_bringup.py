from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import pytest

from stampmill.core.backends.asic.chip import registers
from stampmill.core.backends.asic.chip.bringup import (
    Action,
    Check,
    Count,
    Send,
    SetBaud,
    Wish,
    plan,
    retune,
)
from stampmill.core.backends.asic.chip.chain import Chain
from stampmill.core.backends.asic.chip.pll import pll_of_word
from stampmill.core.backends.asic.chip.table import (
    BM1362,
    BM1366,
    BM1368,
    BM1370,
    BM1397,
    CHIPS,
    Chip,
    by_id,
    by_name,
)
from stampmill.core.backends.asic.wire.commands import Command, Operation, read
from stampmill.core.backends.asic.wire.jobs import FullJob
from tests.core.backends.asic.vectors import by_id as vector

MBAUD = (1_000_000, 0x11300200)


def frames(actions: Iterable[Action]) -> list[str]:
    """Return what goes over the line, without what each capture has values of its own for."""
    sent: list[Command | FullJob] = []
    for action in actions:
        match action:
            case Send(frame):
                sent.append(frame)
            case Count():
                sent.append(read(registers.CHIP_ID))
            case SetBaud(_, command):
                sent.append(command)
            case Check():
                pass
    return [frame.encode().hex() for frame in sent]


def captured(name: str) -> list[str]:
    steps = vector("sequence", name)["steps"]
    return [step["hex"] for step in steps if step["dir"] == "host"]


def without(frames: Iterable[str], *registers: int) -> list[str]:
    """Leave out the writes to all chips of these registers."""
    heads = tuple(f"55aa510900{register:02x}" for register in registers)
    return [frame for frame in frames if not frame.startswith(heads)]


def test_bm1370_is_brought_up_as_a_bitaxe_was() -> None:
    ours = frames(plan(Chain(BM1370, 1), Wish(525.0, 8, baud=MBAUD)))
    tuning = (registers.PLL, registers.SWEEP_LENGTH)
    assert without(ours, *tuning) == without(captured("seq-1370-bitaxe"), *tuning)


def test_bm1366_is_brought_up_as_esp_miner_does() -> None:
    ours = frames(plan(Chain(BM1366, 1), Wish(485.0, 8)))
    tuning = (registers.PLL, registers.SWEEP_LENGTH)
    assert without(ours, *tuning) == without(captured("seq-1366-bitaxe"), *tuning)


def test_bm1366_is_brought_up_with_the_shortest_sequence_within() -> None:
    ours = frames(plan(Chain(BM1366, 1), Wish(485.0, 0)))
    jobless = [frame for frame in captured("seq-1366-first-capture") if frame[4:6] != "21"]
    remaining = iter(ours)
    assert all(frame in remaining for frame in jobless)


def test_bm1368_gets_what_esp_miner_sends_in_an_order_that_chains_take() -> None:
    ours = frames(plan(Chain(BM1368, 1), Wish(490.0, 8)))
    tuning = (registers.PLL, registers.SWEEP_LENGTH)
    theirs = without(captured("seq-1368-bitaxe"), *tuning)
    assert sorted(without(ours, *tuning)) == sorted(theirs)
    inactive = ours.index("55aa5305000003")
    assert ours.index("55aa51090018ff0fc10000") < inactive < ours.index("55aa5109003c80008b0012")


def test_bm1397_is_brought_up_as_esp_miner_does() -> None:
    ours = frames(plan(Chain(BM1397, 1), Wish(450.0, 8)))
    theirs = captured("seq-1397-bitaxe")
    tuning = (registers.PLL, registers.PLL_DIVIDER)
    assert without(ours, *tuning) == without(theirs, *tuning)
    # The last step of the ramp: the divider twice, then the clock twice.
    assert ours[-4:] == [theirs[-2]] * 2 + [theirs[-1]] * 2


def test_bm1362_is_brought_up_as_an_s19j_pro_was() -> None:
    ours = frames(plan(Chain(BM1362, 126), Wish(525.0, 8, baud=(3_125_000, 0x11300000))))
    tuning = (registers.PLL, registers.SWEEP_LENGTH)
    theirs = without(captured("seq-1362-s19jpro")[:-1], *tuning)  # the last is a job
    first_chip = [frame for frame in without(ours, *tuning) if not is_for_another_chip(frame)]
    assert first_chip == theirs
    assert sum(frame.startswith("55aa40") for frame in ours) == 128


def is_for_another_chip(frame: str) -> bool:
    """Tell whether a capture that shows repeated blocks once leaves it out."""
    return frame[4:6] in {"40", "41"} and frame[8:10] not in {"00", "fe"}


def test_a_chain_of_an_s21_pro_has_its_domains_and_offsets() -> None:
    ours = frames(plan(Chain(BM1370, 65, domain=5), Wish(600.0, 8)))
    for name in ("cmd-58-boundary", "cmd-2c-1370"):
        assert vector("command_frame", name)["hex"] in ours
    for name in ("cno-65-0", "cno-65-1", "cno-65-2", "cno-65-64"):
        assert vector("chip_nonce_offset", name)["frame"] in ours
    first_offset = ours.index(vector("chip_nonce_offset", "cno-65-0")["frame"])
    assert ours[first_offset - 1][4:6] == "21"  # one job goes before the offsets
    relays = [frame for frame in ours if frame[4:8] == "4109" and frame[10:12] == "2c"]
    assert len(relays) == 26
    assert relays[0][12:20] == "004f0003"
    assert relays[-1][12:20] == "00130003"


@pytest.mark.parametrize("chip", CHIPS, ids=lambda chip: chip.name)
@pytest.mark.parametrize("chips", [1, 2, 12, 65, 128])
def test_every_chain_gets_its_addresses_once_behind_chain_inactive(chip: Chip, chips: int) -> None:
    chain = Chain(chip, chips)
    commands = [
        action.frame
        for action in plan(chain, Wish(chip.default_mhz, 8))
        if isinstance(action, Send) and isinstance(action.frame, Command)
    ]
    given = [c.address for c in commands if c.operation is Operation.SET_ADDRESS]
    assert tuple(given[:chips]) == chain.addresses
    assert given == sorted(set(given))
    operations = [command.operation for command in commands]
    inactive = operations.index(Operation.CHAIN_INACTIVE)
    assert operations[inactive + 1 : inactive + 1 + len(given)] == [Operation.SET_ADDRESS] * len(
        given
    )
    single = [at for at, command in enumerate(commands) if not command.all_chips]
    assert min(single) > inactive


@pytest.mark.parametrize("chip", CHIPS, ids=lambda chip: chip.name)
def test_the_clock_goes_up_in_small_steps_and_ends_where_it_should(chip: Chip) -> None:
    steps = clocks(chip, plan(Chain(chip, 1), Wish(chip.default_mhz, 8)))
    assert steps[-1] == pytest.approx(chip.default_mhz)
    assert all(after - before < 13 for before, after in pairwise([chip.reset_mhz, *steps]))


@pytest.mark.parametrize("mhz", [400.0, 575.0])
def test_a_running_chain_goes_up_and_down_and_gets_its_sweep_again(mhz: float) -> None:
    actions = list(retune(Chain(BM1370, 1), 525.0, mhz))
    assert clocks(BM1370, actions)[-1] == mhz
    last = actions[-1].frame
    assert isinstance(last, Command)
    assert last.register == registers.SWEEP_LENGTH
    assert list(retune(Chain(BM1370, 1), 525.0, 525.0)) == []


def clocks(chip: Chip, actions: Iterable[Action]) -> list[float]:
    words = [
        action.frame.value
        for action in actions
        if isinstance(action, Send)
        and isinstance(action.frame, Command)
        and action.frame.register == registers.PLL
    ]
    settings = [pll_of_word(word, chip.pll) for word in words]
    return [setting.mhz for setting in settings if setting is not None]


@pytest.mark.parametrize("chip", CHIPS, ids=lambda chip: chip.name)
def test_what_may_be_lost_is_checked_at_the_end(chip: Chip) -> None:
    actions = list(plan(Chain(chip, 1), Wish(chip.default_mhz, 8)))
    checked = [action.command.register for action in actions if isinstance(action, Check)]
    assert registers.TICKET_MASK in checked
    assert (registers.VERSION_ROLLING in checked) == chip.rolls_versions
    assert isinstance(actions[-1], Check)


def test_rows_are_found_by_id_and_by_name() -> None:
    for chip in CHIPS:
        assert by_id(chip.id) is by_name(chip.name) is chip
        assert f"{chip.id:04x}" == chip.name[2:]
        assert chip.reset_mhz < chip.default_mhz < chip.max_mhz
        assert len(set(chip.job_ids)) == len(chip.job_ids) >= 8
    assert by_id(0x1373) is None
    assert by_name("bm1373") is None


def test_everything_known_of_a_vector_chip_is_in_the_table() -> None:
    names: set[Any] = {"BM1362", "BM1366", "BM1368", "BM1370", "BM1397"}
    assert {chip.name for chip in CHIPS} == names
