from collections import Counter
from random import Random

import pytest

from stampmill.core.backends.asic.wire.frames import ReplyReader
from stampmill.core.backends.asic.wire.replies import NonceReply
from stampmill.core.emulator.faults.catalogue import Faults, Name
from stampmill.core.emulator.faults.replies import ReplyDamage

GOOD = [NonceReply(Random(i).randbytes(4), 0x0CD2, i) for i in range(1000)]


def after(name: Name, one_in: float) -> tuple[Counter[str], list[object], ReplyReader]:
    counted: Counter[str] = Counter()
    damage = ReplyDamage(Faults({name: one_in}), Random(3), counted)
    reader = ReplyReader((11,))
    read = [r for good in GOOD for data in damage(good.encode()) for r in reader.feed(data)]
    return counted, read, reader


@pytest.mark.parametrize(
    "name", [Name.LOST_BYTES, Name.DOUBLED_BYTES, Name.FLIPPED_BIT, Name.WRONG_CRC]
)
def test_a_damaged_frame_costs_itself_and_at_most_its_neighbour(name):
    counted, read, reader = after(name, 10)
    hurt = counted[name.value]
    assert 60 < hurt < 140
    kept = len(set(read) & set(GOOD))
    assert len(GOOD) - 2 * hurt <= kept <= len(GOOD) - hurt // 2
    assert reader.damaged or reader.discarded


def test_forged_frames_pass_the_check_sum_and_nothing_else_is_lost():
    counted, read, _ = after(Name.FORGED, 10)
    assert set(GOOD) <= set(read)
    assert len(read) - len(GOOD) == counted["forged"] > 50


def test_the_same_seed_goes_wrong_in_the_same_way():
    assert after(Name.LOST_BYTES, 5)[:2] == after(Name.LOST_BYTES, 5)[:2]


def test_without_faults_nothing_changes():
    damage = ReplyDamage(Faults({}), Random(1), Counter())
    assert damage(b"frame") == [b"frame"]
