"""How many chips there are, where answers are lost, late, or two chips have one address."""

import asyncio
from collections.abc import Callable, Iterable

import pytest

from stampmill.core import native
from stampmill.core.backends.asic.board.base import BoardError
from stampmill.core.backends.asic.board.bring_up import Driver, bring_up_chain
from stampmill.core.backends.asic.board.inquiry import Inquiry
from stampmill.core.backends.asic.board.settings import BoardSettings
from stampmill.core.backends.asic.board.tuned_chain import TunedChain
from stampmill.core.backends.asic.chip.table import CHIPS, Chip
from stampmill.core.backends.asic.link.emulation import Emulation as Told
from stampmill.core.backends.asic.wire.commands import Operation
from stampmill.core.emulator.chips.chain import EmulatedChain, Tampering
from stampmill.core.emulator.chips.chip import ChipOptions
from stampmill.core.emulator.chips.searching import HashingEngine
from stampmill.core.emulator.emulation import Emulation
from stampmill.core.emulator.null_modem import NullModem
from stampmill.core.emulator.virtual_time import run

pytestmark = pytest.mark.skipif(not native.available(), reason=native.why_unavailable() or "built")

Damage = Callable[[bytes], list[bytes]]
_TOLD = Told(8, 65536.0)
_QUIET = 0.2


def losing(*lost: int) -> Damage:
    """Lose these replies, by their number since the start."""
    number = -1

    def damage(frame: bytes) -> list[bytes]:
        nonlocal number
        number += 1
        return [] if number in lost else [frame]

    return damage


def holding_back(late: int) -> Damage:
    """Let one reply come right in front of the one behind it, however long that takes."""
    number, held = -1, list[bytes]()

    def damage(frame: bytes) -> list[bytes]:
        nonlocal number
        number += 1
        if number == late:
            held.append(frame)
            return []
        frames = [*held, frame]
        held.clear()
        return frames

    return damage


def brought_up(
    chip: Chip,
    count: int,
    *,
    damage: Damage | None = None,
    tampering: Tampering | None = None,
    settings: BoardSettings | None = None,
    late: Iterable[float] = (),
) -> tuple[TunedChain, Driver, EmulatedChain]:
    """Bring a chain up in virtual time."""

    async def main() -> tuple[TunedChain, Driver, EmulatedChain]:
        options = ChipOptions(chip, 65536.0 / count, 8)
        chain = EmulatedChain(options, count, HashingEngine(), tampering=tampering)
        modem = NullModem("chain", Emulation(chain, damage=damage))
        port = await modem.open("chain")
        for at in late:
            asyncio.get_running_loop().call_later(at, port.arrive, bytes.fromhex(_ANSWER))
        tuned, driver = await bring_up_chain(
            Inquiry(port, _QUIET), settings or BoardSettings(), emulation=_TOLD
        )
        modem.close()
        return tuned, driver, chain

    return run(main())


_ANSWER = "aa551362030000000000" + "1e"


@pytest.mark.parametrize("chip", CHIPS, ids=lambda chip: chip.name)
@pytest.mark.parametrize("lost", [(3,), (2, 3), (0, 5)])
def test_lost_answers_make_a_chain_no_shorter(chip: Chip, lost: tuple[int, ...]) -> None:
    tuned, _, chain = brought_up(chip, 4, damage=losing(*lost))
    assert tuned.chain.chips == 4
    assert [one.address for one in chain.chips] == list(tuned.chain.addresses)


@pytest.mark.parametrize("chip", CHIPS[-2:], ids=lambda chip: chip.name)
@pytest.mark.parametrize("number", [0, 3, 4, 7])
def test_an_answer_later_than_anyone_waits_counts_once(chip: Chip, number: int) -> None:
    tuned, _, _ = brought_up(chip, 4, damage=holding_back(number))
    assert tuned.chain.chips == 4


@pytest.mark.parametrize("at", [0.05, 0.19, 0.21, 0.3, 0.45, 0.6])
def test_answers_that_nobody_asked_for_are_no_chips(at: float) -> None:
    bm1362 = next(chip for chip in CHIPS if chip.name == "BM1362")
    tuned, _, _ = brought_up(bm1362, 4, late=[at])
    assert tuned.chain.chips == 4


def test_a_chain_counted_too_short_twice_is_set_up_anew_by_its_addresses() -> None:
    # Both the first count and the one that confirms it miss the last chip.
    tuned, driver, chain = brought_up(CHIPS[0], 4, damage=losing(3, 7))
    assert tuned.chain.chips == 4
    assert len({one.address for one in chain.chips}) == 4
    assert any("4 chips, not 3" in line for line in driver.notices)


class _LosesAnAddress(Tampering):
    def __init__(self) -> None:
        self.seen = 0

    def loses(self, request: object) -> bool:
        operation = getattr(request, "operation", None)
        self.seen += operation is Operation.SET_ADDRESS
        return operation is Operation.SET_ADDRESS and self.seen == 2


def test_a_chip_that_missed_its_address_gets_it_in_a_second_turn() -> None:
    tuned, _, chain = brought_up(CHIPS[0], 4, tampering=_LosesAnAddress())
    assert [one.address for one in chain.chips] == list(tuned.chain.addresses)


class _Mute(Tampering):
    def __init__(self, index: int) -> None:
        self.index = index

    def is_silent(self, index: int, now: float) -> bool:
        return index == self.index


def test_a_chip_without_a_voice_keeps_its_place_in_the_chain() -> None:
    tuned, driver, _ = brought_up(CHIPS[0], 4, tampering=_Mute(1))
    assert tuned.chain.chips == 4
    assert any("4 chips, 1 of them silent, not 3" in line for line in driver.notices)
    assert driver.repeated_writes == 0


def test_a_number_that_the_user_gave_is_compared_with_a_sure_count() -> None:
    asked = BoardSettings(chips=4)
    assert brought_up(CHIPS[0], 4, damage=losing(3), settings=asked)[0].chain.chips == 4
    with pytest.raises(BoardError, match="4 of 5"):
        brought_up(CHIPS[0], 4, settings=BoardSettings(chips=5))
