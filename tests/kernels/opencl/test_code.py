import re
from collections import Counter

import pytest

from stampmill.core.backends.opencl.kernel import mask
from stampmill.core.chain.known_headers import KNOWN_HEADERS
from stampmill.kernels.errors import GeneratorError
from stampmill.kernels.evaluate import header_inputs
from stampmill.kernels.graph import Op, lanes, reach
from stampmill.kernels.opencl.code import Shape, Uniforms, source
from stampmill.kernels.search import build

BAD_SHAPES = [
    ({"width": 3}, "width is one of 1, 2, 4, 8 and 16, not 3"),
    ({"versions": 0}, "versions is 1 .. 16, not 0"),
    ({"versions": 17}, "versions is 1 .. 16, not 17"),
    ({"versions": 4, "copies": 3}, "copies divides versions, 4; 3 does not"),
    ({"unroll": 17}, "unroll is 1 .. 16, not 17"),
    ({"group": 2048}, "a work-group has 1 .. 1024 items, not 2048"),
    ({"registers": 256}, "registers is 0 .. 255, not 256"),
    ({"width": 4, "multiply_to_add": True}, "inline PTX is for width 1"),
    ({"versions": 2, "copies": 2, "one_by_one": True}, "one by one have one copy of the second"),
]


@pytest.mark.parametrize(("shape", "text"), BAD_SHAPES)
def test_a_shape_that_cannot_be_is_refused(shape: dict[str, int], text: str) -> None:
    with pytest.raises(GeneratorError, match=re.escape(text)):
        Shape(**shape)


def operations(shape: Shape) -> dict[str, int]:
    body = source(shape).split("const LANES nonce_0")[1]
    names = ("ADD(", "ROTR(", ">>", "CHOOSE(")
    return {name: body.count(name) for name in names}


def test_one_version_takes_no_more_than_the_limit() -> None:
    """gpu.md's count, by hand: 1040 sums of two; 1176 rotations and shifts, of them 156 shifts."""
    counted = operations(Shape())
    assert counted["ADD("] <= 1044
    assert counted["ROTR("] + counted[">>"] == 1176
    assert counted[">>"] == 156


@pytest.mark.parametrize("versions", [2, 4, 8])
def test_versions_share_one_schedule(versions: int) -> None:
    one, several = operations(Shape()), operations(Shape(1, versions, versions))
    shared = Counter(node.op for node in lanes(reach(build(separate=True).schedule)))
    for name, op in (("ROTR(", Op.ROTR), (">>", Op.SHR)):
        assert versions * one[name] - several[name] == (versions - 1) * shared[op]


def test_every_second_majority_does_with_the_difference_of_the_one_before() -> None:
    """Rounds 4 to 63 of the first hash have one that the nonce changes, 1 to 56 of the second."""
    body = source(Shape()).split("const LANES nonce_0")[1]
    first, again = (body.count(f"= {name}(") for name in ("MAJORITY", "MAJORITY_AGAIN"))
    assert (first, again) == (30 + 28, 30 + 28)
    assert body.count("HELD(v") == 8 + again


def test_a_looped_second_hash_is_in_the_code_once() -> None:
    looped, whole = operations(Shape(1, 4, 1)), operations(Shape(1, 4, 4))
    second = (whole["ROTR("] - looped["ROTR("]) / 3
    assert second == int(second) > 500


def test_versions_one_by_one_have_each_hash_in_the_code_once() -> None:
    one, looped = operations(Shape()), operations(Shape(1, 8, one_by_one=True))
    assert looped == one == operations(Shape(one_by_one=True))
    assert "uniform.version[turn]" in source(Shape(1, 8, one_by_one=True))


def test_versions_one_by_one_have_the_first_hash_beside_the_second_of_the_one_before() -> None:
    step = source(Shape(1, 8, one_by_one=True)).split("turn < TURNS")[1].splitlines()
    made = [line for line in step if line.startswith("const LANES")]
    first = [i for i, line in enumerate(made) if "uniform.version" in line]
    second = [i for i, line in enumerate(made) if "digest0_" in line]
    assert first[0] < second[-1]
    assert second[0] < first[-1]


def test_inline_ptx_is_for_those_that_ask_for_it() -> None:
    assert "#define MULTIPLY_TO_ADD" in source(Shape(multiply_to_add=True))
    assert "#define MULTIPLY_TO_ADD" not in source(Shape())


def test_a_limit_of_registers_is_all_that_differs() -> None:
    limited = source(Shape(registers=40))
    assert limited.replace("#define MAX_REGISTERS 40\n", "") == source(Shape())


def test_uniform_words_are_as_many_as_the_kernel_takes() -> None:
    text, uniforms = source(Shape()), Uniforms()
    inputs = header_inputs(KNOWN_HEADERS[0][1][:76], 0)
    work = uniforms.work(inputs["tail"], 0xFFFFFFFF)
    version = uniforms.version(inputs["tail"], inputs["midstate"])
    assert f"#define WORK_WORDS {len(work)}\n" in text
    assert f"#define VERSION_WORDS {len(version)}\n" in text
    assert all(0 <= word < 1 << 32 for word in [*work, *version])


@pytest.mark.parametrize(
    ("highest", "bits"),
    [(0, 0xFFFFFFFF), (1, 0xFEFFFFFF), (0xFFFFFFFF, 0), (0x7FFFFFFF, 0x80), (0x100, 0x00FEFFFF)],
)
def test_the_mask_has_the_bits_that_no_hit_has(highest: int, bits: int) -> None:
    assert mask(highest) == bits
