"""The search in the operations of each instruction set, evaluated in Python."""

import random
from collections import Counter
from hashlib import sha256

import pytest

from stampmill.kernels.counts import operations
from stampmill.kernels.errors import GeneratorError
from stampmill.kernels.evaluate import last_word
from stampmill.kernels.graph import lanes, reach
from stampmill.kernels.lower import lowered
from stampmill.kernels.sets import SETS, InstructionSet, instruction_set

every_set = pytest.mark.parametrize("row", SETS, ids=lambda row: row.name)


@every_set
def test_lowered_search_is_right_on_random_headers(row: InstructionSet) -> None:
    rng = random.Random(row.name)
    for _ in range(8):
        prefix, nonce = rng.randbytes(76), rng.getrandbits(32)
        header = prefix + nonce.to_bytes(4, "little")
        digest = sha256(sha256(header).digest()).digest()
        assert last_word(lowered(row.has, in_place=row.in_place), prefix, nonce)[
            0
        ] == int.from_bytes(digest[28:], "big")


@every_set
def test_lowered_search_has_only_operations_of_the_set(row: InstructionSet) -> None:
    search = lowered(row.has, in_place=row.in_place)
    used = {node.op for node in lanes(reach([*search.schedule, *search.digest, search.clear]))}
    assert used == row.has


def test_operations_of_avx512_are_those_left_after_every_fold() -> None:
    by_name = operations("avx512").by_name
    ternary = by_name["xor3"] + by_name["ch"] + by_name["maj"]
    assert (by_name["add"], ternary, by_name["rotr"] + by_name["shr"]) == (1041, 628, 1176)
    assert operations("avx512").per_batch == 2846
    assert operations("avx512").per_hash == 2846 / 16


@pytest.mark.parametrize("versions", range(1, 17))
def test_versions_share_the_schedule(versions: int) -> None:
    assert operations("avx512", versions).per_batch == pytest.approx(2387 + 459 / versions)


def test_a_set_without_rotations_does_more() -> None:
    avx2 = operations("avx2").by_name
    assert "rotr" not in avx2
    assert avx2["shr"] + avx2["shl"] == 1020 * 2 + 156


def test_shifts_made_in_place_are_as_many() -> None:
    has = instruction_set("sse2").has
    kinds = []
    for in_place in (False, True):
        search = lowered(has, in_place=in_place)
        nodes = lanes(reach([*search.schedule, *search.digest, search.clear]))
        kinds.append(Counter(node.op for node in nodes))
    assert kinds[0] == kinds[1]


@pytest.mark.parametrize("versions", [-1, 0, 17])
def test_impossible_number_of_versions_is_refused_by_value(versions: int) -> None:
    with pytest.raises(GeneratorError, match=f"not {versions}$"):
        operations("avx512", versions)


def test_unknown_set_is_refused_by_name() -> None:
    with pytest.raises(GeneratorError, match="'mmx'; there are avx512, "):
        instruction_set("mmx")
