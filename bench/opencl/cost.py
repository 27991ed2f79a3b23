"""Instructions per hash of the emitted OpenCL kernels on GPUs that need not be there.

Speed on a GPU is bound by the busiest of its pipes: on NVIDIA's chips the one of shifts, logic and
three-input additions (ALU), while multiply-adds have lanes of their own; on AMD's the vector unit
(VALU). What is counted is a bound, not a speed.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field

from stampmill.bench import record, show, table
from stampmill.bench.opencl import compilers
from stampmill.bench.opencl.machine_code import Code, gcn, per_pass, sass
from stampmill.bench.pipeline.targets import Outcome, Target
from stampmill.kernels.opencl.code import Shape, source

NVIDIA, RDNA, CDNA = ("sm_86", "sm_89", "sm_90"), "gfx1100", "gfx942"
KIB = 1024

# NVIDIA: what is not on the ALU pipe (Nsight Compute's documentation of pipelines; multiply-adds
# have 16 lanes of their own in each quarter of an SM, forums.developer.nvidia.com t/108729).
_FMA = {"IMAD", "IMUL", "FFMA", "FADD", "FMUL"}
_ELSEWHERE = {
    "BRA", "EXIT", "BSSY", "BSYNC", "WARPSYNC", "NOP", "CALL", "RET", "BREAK", "YIELD",
    "LDC", "LDG", "STG", "LDL", "STL", "LDS", "STS", "ATOM", "ATOMG", "RED", "REDG", "S2R", "POPC",
    "FLO", "VOTE", "R2UR", "S2UR", "ELECT",
}  # fmt: skip
_AMD_SLOW = ("v_mul_lo", "v_mul_hi", "v_mad_u64", "v_lshlrev_b64", "v_lshrrev_b64")
_QUARTER_RATE = 4

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Case:
    """A kernel for a chip, and what it may cost."""

    chip: str
    shape: Shape
    limit: float
    front_end: str = "clang"
    code_limit: int | None = None
    public: str = "-"
    """The best kernel in public."""

    @property
    def name(self) -> str:
        """Say which."""
        looped = ", looped" if self.shape.turns > 1 else ""
        return f"{self.chip} {self.front_end} V={self.shape.versions}{looped}"


@dataclass(frozen=True, slots=True)
class Cost:
    """What a hash costs. `slots` is what bounds the rate: ALU or VALU."""

    slots: float
    multiply_adds: float
    code_bytes: int
    registers: int
    spilled_bytes: int
    occupancy: float
    """Waves that fit beside each other, of those that the chip has room for."""
    operations: dict[str, float] = field(default_factory=dict)


def cases() -> Iterator[Case]:
    """Yield what is counted: what the backend takes for each kind of chip, and its neighbours."""
    for chip in NVIDIA:
        for front_end in ("clang", "nvrtc"):
            best = "2211 - 2265"
            for versions, copies, limit in ((1, 1, 1816), (2, 2, 1665), (4, 1, 1600)):
                shape = Shape(1, versions, copies, multiply_to_add=True)
                yield Case(chip, shape, limit, front_end, 128 * KIB, best)
                best = "-"
    yield Case(RDNA, Shape(), 2574, code_limit=32 * KIB, public="2574")
    yield Case(RDNA, Shape(1, 2, 1), 2415, code_limit=32 * KIB)
    yield Case(CDNA, Shape(1, 2, 2), 2710, code_limit=64 * KIB, public="2892 (V=1)")
    yield Case(CDNA, Shape(1, 4, 2), 2710, code_limit=64 * KIB, public="2892 (V=1)")


def cost_of(case: Case) -> Cost:
    """Compile a kernel and count; raise ToolError, or CountError for code of another form."""
    text = source(case.shape)
    if case.chip.startswith("gfx"):
        return _amd(compilers.amd_assembly(text, case.chip), case)
    make = compilers.ptx if case.front_end == "clang" else compilers.ptx_by_nvrtc
    return _nvidia(*compilers.assemble(make(text, case.chip), case.chip), case)


def measure(
    progress: Progress = lambda _: None, wanted: Sequence[Case] | None = None
) -> record.Document:
    """Count all cases and judge them; raise ToolError naming what is missing."""
    versions = compilers.versions()
    outcomes, costs = [], []
    for case in wanted or tuple(cases()):
        progress(f"counting {case.name}")
        cost = cost_of(case)
        outcomes.append(_outcome(case, cost))
        costs.append({"case": case.name, "best_public": case.public, **asdict(cost)})
    document = record.document((), [outcome.as_dict() for outcome in outcomes])
    return {**document, "tools": versions, "costs": costs}


def report(document: record.Document) -> str:
    """Return the verdicts and the figures behind them."""
    head = ("kernel", "slots", "multiply-adds", "code KB", "registers", "spilled", "occupancy")
    rows = [
        [cost["case"], table.number(cost["slots"]), table.number(cost["multiply_adds"]),
         table.number(cost["code_bytes"] / 1000), str(cost["registers"]),
         str(cost["spilled_bytes"]), f"{cost['occupancy']:.0%}"]
        for cost in document["costs"]
    ]  # fmt: skip
    tools = ", ".join(f"{name} {version}" for name, version in document["tools"].items())
    return "\n".join([show.verdicts(document["targets"]), "", table.render(head, rows), "", tools])


def _outcome(case: Case, cost: Cost) -> Outcome:
    pipe = "VALU" if case.chip.startswith("gfx") else "ALU"
    target = Target(f"gpu-{case.name}", f"{case.name}: {pipe} slots per hash", case.limit, "")
    fits = case.code_limit is None or cost.code_bytes <= case.code_limit
    faults = [] if fits else [f"{cost.code_bytes} bytes of code, over {case.code_limit}"]
    if cost.spilled_bytes:
        faults.append(f"{cost.spilled_bytes} bytes spilled")
    detail = "; ".join([*faults, f"best public {case.public}"])
    # Code that the cache does not hold, or that spills, has no bound that is worth a name.
    return Outcome(target, None if faults else cost.slots, detail)


def _nvidia(disassembly: str, said: str, case: Case) -> Cost:
    code = sass(disassembly)
    registers = _number(r"Used (\d+) registers", said)
    spilled = _number(r"(\d+) bytes spill stores", said)
    counted = _per_hash(code, case)
    parts = [(name.split("."), count) for name, count in counted.items()]
    adds = sum(count for name, count in parts if _is_fma(name[0], case.chip))
    slots = sum(count for name, count in parts if _is_alu(name[0], case.chip))
    size = 16 * len(code.names)
    occupancy = _nvidia_occupancy(case, registers)
    return Cost(slots, adds, size, registers, spilled, occupancy, counted)


def _amd(assembly: str, case: Case) -> Cost:
    counted = _per_hash(gcn(assembly, "search"), case)
    slots = sum(
        count * (_QUARTER_RATE if name.startswith(_AMD_SLOW) else 1)
        for name, count in counted.items()
        if name.startswith("v_")
    )
    waves = _number(r"; Occupancy: (\d+)", assembly)
    return Cost(
        slots,
        0.0,
        _number(r"; codeLenInByte = (\d+)", assembly),
        _number(r"; NumVgprs: (\d+)", assembly),
        _number(r"; ScratchSize: (\d+)", assembly),
        waves / (16 if case.chip == RDNA else 8),  # LLVM's AMDGPUUsage: waves of a SIMD
        counted,
    )


def _per_hash(code: Code, case: Case) -> dict[str, float]:
    counted: Counter[str] = per_pass(code, case.shape.turns)
    return {name: count / case.shape.versions for name, count in counted.most_common()}


def _is_fma(name: str, chip: str) -> bool:
    return name in _FMA or (name == "VIADD" and chip == "sm_90")


def _is_alu(name: str, chip: str) -> bool:
    uniform = name.startswith("U")  # a pipe of its own, once for a warp
    return not (uniform or name in _ELSEWHERE or _is_fma(name, chip))


def _nvidia_occupancy(case: Case, registers: int) -> float:
    """CUDA's occupancy calculator: 65536 registers an SM, given to warps by 256."""
    most = 64 if case.chip in {"sm_80", "sm_90"} else 48
    warps = min(most, 65536 // (-(-registers * 32 // 256) * 256))
    per_group = -(-case.shape.group // 32)
    return warps // per_group * per_group / most


def _number(pattern: str, text: str) -> int:
    found = re.search(pattern, text)
    return int(found[1]) if found else 0
