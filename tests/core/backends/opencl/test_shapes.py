from typing import Any

import pytest

from stampmill.core.backends.opencl.registers import ROOM, limit, live_words
from stampmill.core.backends.opencl.shapes import shapes_of
from stampmill.kernels.opencl.code import Shape

from .simulated import device, nvidias

POCL = {"platform": "Portable Computing Language", "is_gpu": False}
AMD = {"platform": "AMD Accelerated Parallel Processing"}


def one_by_one(width: int) -> tuple[Shape, ...]:
    return tuple(Shape(width, versions, group=8, one_by_one=True) for versions in (1, 8))


@pytest.mark.parametrize(
    ("said", "shapes"),
    [
        ({}, (Shape(multiply_to_add=True), Shape(1, 4, 1, multiply_to_add=True))),
        (AMD | {"name": "gfx942:sramecc+"}, (Shape(), Shape(1, 4, 2))),
        (AMD | {"name": "gfx1100"}, (Shape(), Shape(1, 2, 1))),
        ({"platform": "Apple", "max_group": 64}, (Shape(group=64), Shape(1, 2, 1, group=64))),
        (POCL | {"width": 16}, one_by_one(16)),
        (POCL | {"width": 4}, one_by_one(4)),
        (POCL | {"width": 1}, one_by_one(16)),
    ],
    ids=["NVIDIA", "CDNA", "RDNA", "unknown", "AVX-512", "NEON", "Intel's runtime"],
)
def test_a_kind_of_device_has_its_kernels(said: dict[str, Any], shapes: tuple[Shape, ...]) -> None:
    assert shapes_of(device(**said)) == {shape.versions: shape for shape in shapes}


@pytest.mark.parametrize(
    ("chip", "registers"),
    [
        ((8, 6), {1: 40, 4: 0}),
        ((8, 9), {1: 40, 4: 0}),
        ((9, 0), {1: 32, 4: 0}),
        ((7, 5), {1: 0, 4: 0}),
    ],
)
def test_nvidias_chips_get_all_their_waves_where_that_is_free(
    chip: tuple[int, int], registers: dict[int, int]
) -> None:
    shapes = shapes_of(nvidias(chip))
    assert {versions: shape.registers for versions, shape in shapes.items()} == registers


def test_a_compiler_that_cannot_be_told_is_not_told() -> None:
    assert all(shape.registers == 0 for shape in shapes_of(nvidias((9, 0), "")).values())


@pytest.mark.parametrize(
    ("chip", "versions", "registers", "percent"),
    [
        ("sm_86", 2, 40, 100), ("sm_86", 4, 0, 67), ("sm_90", 1, 32, 100), ("sm_90", 2, 0, 75),
        ("sm_90", 4, 0, 50), ("gfx942", 4, 64, 100), ("gfx1100", 2, 96, 100), ("gfx942", 8, 0, 62),
    ],
)  # fmt: skip
def test_the_words_that_live_say_how_many_waves_can_be(
    chip: str, versions: int, registers: int, percent: int
) -> None:
    """A state of eight words for each version, and a schedule of sixteen (FIPS 180-4)."""
    room = ROOM[chip]
    assert limit(chip, versions) == registers
    most = room.waves_of(8 * versions + 16 + 1, 256)
    assert live_words(versions) == 8 * versions + 16
    assert round(100 * most / room.waves) == percent
