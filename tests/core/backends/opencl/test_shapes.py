from typing import Any

import pytest

from stampmill.core.backends.opencl.shapes import shapes_of
from stampmill.kernels.opencl.code import Shape

from .simulated import device

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
