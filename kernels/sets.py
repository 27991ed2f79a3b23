"""The instruction sets that C kernels are generated for: a row each.

A row names what the set can do and how C says it. What it cannot do is made of what it can
(lower.py), so a new set is a new row.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from stampmill.kernels.errors import GeneratorError
from stampmill.kernels.graph import Op
from stampmill.kernels.listing import Weave


@dataclass(frozen=True, slots=True)
class InstructionSet:
    """A row. In C texts {0}, {1} and {2} are the operands, {n} is a shift's count, {m} 32 - n."""

    name: str  # as in STAMPMILL_KERNEL, scan_<name>.c and SM_<NAME>
    title: str
    lanes: int
    header: str
    vector: str  # the C type
    spread: str  # the word {0} in all lanes
    c: Mapping[Op, str]
    has_spread_operands: bool = False  # whether a word in memory can be an operand of all lanes
    in_place: bool = False  # whether a result takes an operand's register: the other way is a copy
    weave: Weave = field(default_factory=Weave)  # of a straight line
    rolled: bool = False  # whether most rounds are done in loops: where a line is too much code

    @property
    def has(self) -> frozenset[Op]:
        """The operations that need no others."""
        return frozenset(self.c)


def instruction_set(name: str) -> InstructionSet:
    """Return a row by its name. Raise GeneratorError if there is none."""
    for row in SETS:
        if row.name == name:
            return row
    names = ", ".join(row.name for row in SETS)
    raise GeneratorError(f"no kernel is generated for '{name}'; there are {names}")


_AVX2 = {
    Op.ADD: "_mm256_add_epi32({0}, {1})",
    Op.AND: "_mm256_and_si256({0}, {1})",
    Op.XOR: "_mm256_xor_si256({0}, {1})",
    Op.SHR: "_mm256_srli_epi32({0}, {n})",
    Op.SHL: "_mm256_slli_epi32({0}, {n})",
    Op.CLEAR: (
        "(uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(_mm256_cmpeq_epi32("
        "_mm256_and_si256({0}, {1}), _mm256_setzero_si256())))"
    ),
}

_SSE = {op: text.replace("_mm256", "_mm").replace("256", "128") for op, text in _AVX2.items()}

_AVX512 = {
    Op.ADD: "_mm512_add_epi32({0}, {1})",
    Op.ROTR: "_mm512_ror_epi32({0}, {n})",
    Op.SHR: "_mm512_srli_epi32({0}, {n})",
    Op.XOR3: "_mm512_ternarylogic_epi32({0}, {1}, {2}, 0x96)",
    Op.CH: "_mm512_ternarylogic_epi32({0}, {1}, {2}, 0xca)",
    Op.MAJ: "_mm512_ternarylogic_epi32({0}, {1}, {2}, 0xe8)",
    Op.CLEAR: "_mm512_testn_epi32_mask({0}, {1})",
}

_NEON = {
    Op.ADD: "vaddq_u32({0}, {1})",
    Op.XOR: "veorq_u32({0}, {1})",
    Op.SHR: "vshrq_n_u32({0}, {n})",
    Op.SHL: "vshlq_n_u32({0}, {n})",
    Op.INSERT: "vsriq_n_u32({0}, {1}, {n})",
    Op.CH: "vbslq_u32({0}, {1}, {2})",
    Op.CLEAR: "vaddvq_u32(vbicq_u32((uint32x4_t){{1, 2, 4, 8}}, vtstq_u32({0}, {1})))",
}

SETS = (
    InstructionSet(
        "avx512",
        "AVX-512, 16 nonces at once",
        lanes=16,
        header="immintrin.h",
        vector="__m512i",
        spread="_mm512_set1_epi32((int)({0}))",
        c=_AVX512,
        has_spread_operands=True,
        weave=Weave(lead=2),
    ),
    InstructionSet(
        "avx2",
        "AVX2, 8 nonces at once",
        lanes=8,
        header="immintrin.h",
        vector="__m256i",
        spread="_mm256_set1_epi32((int)({0}))",
        c=_AVX2,
        rolled=True,
    ),
    InstructionSet(
        "sse2",
        "SSE2, 4 nonces at once",
        lanes=4,
        header="immintrin.h",
        vector="__m128i",
        spread="_mm_set1_epi32((int)({0}))",
        c=_SSE,
        in_place=True,
        rolled=True,
    ),
    InstructionSet(
        "neon",
        "NEON, 4 nonces at once",
        lanes=4,
        header="arm_neon.h",
        vector="uint32x4_t",
        spread="vdupq_n_u32({0})",
        c=_NEON,
    ),
)
"""The rows, those with the most lanes first."""
