"""Instructions per hash of the emitted OpenCL kernels on GPUs that need not be there.

Speed on a GPU is bound by the busiest of its pipes: on NVIDIA's chips the one of shifts, logic and
three-input additions (ALU), while multiply-adds have lanes of their own; on AMD's the vector unit
(VALU). What is counted is a bound, not a speed.
"""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from stampmill.bench import record, show, table
from stampmill.bench.opencl import compilers
from stampmill.bench.opencl.machine_code import Code, gcn, per_pass, sass
from stampmill.bench.pipeline.targets import Bound, Outcome, Target
from stampmill.core.backends.opencl.registers import ROOM, limit, live_words
from stampmill.kernels.opencl.code import Shape, source

NVIDIA, RDNA, CDNA = ("sm_86", "sm_89", "sm_90"), "gfx1100", "gfx942"
_FRONT_ENDS = {"clang": compilers.clang, "nvrtc": compilers.nvrtc}

# NVIDIA: what is not on the ALU pipe (Nsight Compute's documentation of pipelines; multiply-adds
# have 16 lanes of their own in each quarter of an SM, forums.developer.nvidia.com t/108729). What
# begins with a U has a pipe of its own, once for a warp.
_FMA = re.compile(r"IMAD|IMUL|FFMA|FADD|FMUL")
_ELSEWHERE = re.compile(
    r"U|BRA|EXIT|BS|WARP|NOP|CALL|RET|BREAK|YIELD|LD|ST|ATOM|RED|S2[RU]|POPC|FLO|VOTE|R2UR|ELECT"
)
_SLOW = re.compile(r"v_(mul_lo|mul_hi|mad_u64|lsh[lr]rev_b64)")  # AMD's, of quarter rate


class Case(NamedTuple):
    """A kernel for a chip, and what it may cost."""

    chip: str
    shape: Shape
    limit: float
    front_end: str = "clang"
    code_limit: int = 128 * 1024
    public: str = "-"  # the best kernel in public

    @property
    def name(self) -> str:
        """Say which."""
        looped = ", looped" if self.shape.turns > 1 else ""
        return f"{self.chip} {self.front_end} V={self.shape.versions}{looped}"


class Cost(NamedTuple):
    """What a hash costs. `slots` is what bounds the rate: ALU or VALU."""

    slots: float
    multiply_adds: float
    code_bytes: int
    registers: int
    spilled_bytes: int
    occupancy: float  # waves that fit beside each other, of those that there is room for
    operations: dict[str, float]


def cases() -> Iterator[Case]:
    """Yield what is counted: what the backend takes for each kind of chip, and its neighbours."""
    for chip in NVIDIA:
        for front_end in _FRONT_ENDS:
            for v, copies, most in ((1, 1, 1816), (2, 2, 1665), (4, 1, 1600)):
                shape = Shape(1, v, copies, multiply_to_add=True, registers=limit(chip, v))
                public = "2211 - 2265" if v == 1 else "-"
                yield Case(chip, shape, most, front_end, public=public)
    yield Case(RDNA, Shape(), 2574, code_limit=32 * 1024, public="2574")
    yield Case(RDNA, Shape(1, 2, 1), 2415, code_limit=32 * 1024)
    yield Case(CDNA, Shape(), 2892, code_limit=64 * 1024, public="2892")
    yield Case(CDNA, Shape(1, 2, 2), 2710, code_limit=64 * 1024, public="2892 (V=1)")
    yield Case(CDNA, Shape(1, 4, 2), 2710, code_limit=64 * 1024, public="2892 (V=1)")


def cost_of(case: Case) -> Cost:
    """Compile a kernel and count; raise ToolError, or CountError for code of another form."""
    text = _FRONT_ENDS[case.front_end](source(case.shape), case.chip)
    if case.chip.startswith("gfx"):
        return _amd(text, case)
    return _nvidia(*compilers.assemble(text, case.chip, case.shape.registers), case)


def measure(progress: Callable[[str], None] = lambda _: None) -> record.Document:
    """Count all cases and judge them; raise ToolError naming what is missing."""
    versions = compilers.versions()
    outcomes, costs = [], []
    for case in cases():
        progress(f"counting {case.name}")
        cost = cost_of(case)
        outcomes += [each.as_dict() for each in _outcomes(case, cost)]
        costs.append({"case": case.name, "best_public": case.public, **cost._asdict()})
    return {**record.document((), outcomes), "tools": versions, "costs": costs}


def report(document: record.Document) -> str:
    """Return the verdicts and the figures behind them."""
    head = ("kernel", "slots", "multiply-adds", "code bytes", "registers", "spilled", "occupancy")
    row = "{case}|{slots:,.1f}|{multiply_adds:,.1f}|{code_bytes:,}|{registers}|{spilled_bytes}|"
    rows = [(row + "{occupancy:.0%}").format(**cost).split("|") for cost in document["costs"]]
    tools = ", ".join(map(" ".join, document["tools"].items()))
    return "\n".join([show.verdicts(document["targets"]), "", table.render(head, rows), "", tools])


def _outcomes(case: Case, cost: Cost) -> Iterator[Outcome]:
    pipe = "VALU" if case.chip.startswith("gfx") else "ALU"
    target = Target(f"gpu-{case.name}", f"{case.name}: {pipe} slots per hash", case.limit, "")
    # Code that the cache does not hold, or that spills, has no bound that is worth a name.
    counts = cost.code_bytes <= case.code_limit and not cost.spilled_bytes
    said = f"{cost.code_bytes} of {case.code_limit} bytes of code, {cost.spilled_bytes} spilled"
    yield Outcome(target, cost.slots if counts else None, f"best public {case.public}; {said}")
    # The words that live at once, and one to work with, are the fewest registers that can do.
    room, live = ROOM[case.chip], live_words(case.shape.versions)
    most = 100 * (room.waves_of(live + 1, case.shape.group) / room.waves)
    target = Target(f"waves-{case.name}", f"{case.name}: of all waves", most, "%", Bound.AT_LEAST)
    said = f"{live} words live, all waves have {room.for_all} registers each"
    yield Outcome(target, 100 * cost.occupancy, said)


def _nvidia(disassembly: str, said: str, case: Case) -> Cost:
    counted = _per_hash(code := sass(disassembly), case)
    registers, spilled = (_number(x, said) for x in (r"Used (\d+) reg", r"(\d+) bytes spill st"))
    # Hopper adds two numbers on the multiply pipe.
    adds = {x for x in counted if _FMA.match(x) or (x.startswith("VIADD") and case.chip == "sm_90")}
    rest = {x for x in counted if x not in adds and not _ELSEWHERE.match(x)}
    waves = (room := ROOM[case.chip]).waves_of(registers, case.shape.group) / room.waves
    slots, multiply_adds = (sum(counted[name] for name in names) for names in (rest, adds))
    return Cost(slots, multiply_adds, 16 * len(code.names), registers, spilled, waves, counted)


def _amd(assembly: str, case: Case) -> Cost:
    counted = _per_hash(gcn(assembly, "search"), case)
    names = "codeLenInByte =", "NumVgprs:", "ScratchSize:", "Occupancy:"
    size, registers, spilled, waves = (_number(rf"; {name} (\d+)", assembly) for name in names)
    slots = sum(n * (4 if _SLOW.match(x) else 1) for x, n in counted.items() if x.startswith("v_"))
    return Cost(slots, 0.0, size, registers, spilled, waves / ROOM[case.chip].waves, counted)


def _per_hash(code: Code, case: Case) -> dict[str, float]:
    counted = per_pass(code, case.shape.turns)
    return {name: count / case.shape.versions for name, count in counted.most_common()}


def _number(pattern: str, text: str) -> int:
    found = re.search(pattern, text)
    return int(found[1]) if found else 0
