"""Counted instructions: of code that a test writes, of real kernels, and those that are quoted."""

from pathlib import Path

import pytest

from stampmill.bench import record
from stampmill.bench.opencl import compilers, cost
from stampmill.bench.opencl.machine_code import CountError, gcn, per_pass, sass
from stampmill.bench.pipeline.targets import Verdict
from stampmill.core.backends.opencl.registers import ROOM
from stampmill.core.cli.main import main
from stampmill.core.errors import ExitCode
from stampmill.kernels.opencl.code import Shape

QUOTED = Path(__file__).parents[3] / "bench" / "results" / "gpu_cost.json"


def missing() -> str:
    try:
        compilers.versions()
    except compilers.ToolError as error:
        return str(error)
    return ""


needs_compilers = pytest.mark.skipif(bool(missing()), reason=missing() or "they are there")


def lines(*parts: tuple[str, int]) -> str:
    """Return AMD assembly: an operation with its number, or a label, or a branch."""
    text = ["\nsearch:"]
    for name, count in parts:
        text += [f"\t{name} v0, v1"] * count if count else [name]
    return "\n".join([*text, "\ts_endpgm", ".Lfunc_end0:"])


HIT = [("\ts_cbranch_execz .LBB0_9", 0), ("v_report", 40), (".LBB0_9:", 0)]


def test_a_pass_is_the_loop_without_what_comes_before_it_or_is_for_a_hit() -> None:
    code = lines(
        ("s_load", 9), (".LBB0_1:", 0), ("v_add", 90), *HIT, ("v_xor", 5),
        ("\ts_cbranch_scc1 .LBB0_1", 0), ("v_after", 3),
    )  # fmt: skip
    counted = per_pass(gcn(code, "search"), 1)
    assert counted == {"v_add": 90, "v_xor": 5, "s_cbranch_execz": 1, "s_cbranch_scc1": 1}


LOOPED = lines(
    ("s_load", 9), (".LBB0_1:", 0), ("v_first", 90), ("\ts_cbranch_scc0 .LBB0_3", 0),
    (".LBB0_2:", 0), ("v_second", 50), ("\ts_cbranch_scc1 .LBB0_2", 0),
    (".LBB0_3:", 0), ("v_last", 2), ("\ts_cbranch_scc1 .LBB0_1", 0),
)  # fmt: skip


def test_a_loop_inside_counts_as_often_as_it_is_gone_through() -> None:
    counted = per_pass(gcn(LOOPED, "search"), 4)
    assert (counted["v_first"], counted["v_second"], counted["v_last"]) == (90, 200, 2)


def test_code_of_another_form_is_not_counted() -> None:
    with pytest.raises(CountError, match="a loop inside the search loop that nobody knows of"):
        per_pass(gcn(LOOPED, "search"), 1)
    with pytest.raises(CountError, match="there is no search loop"):
        per_pass(gcn(lines(("v_add", 99)), "search"), 1)


def test_nvidias_disassembly_is_read_with_its_predicates_and_jumps() -> None:
    body = [
        f"        /*{i:04x}*/                   LOP3.LUT R1, R2, R3, RZ, 0x96, !PT ;"
        for i in range(30)
    ]
    text = "\n".join([
        "        /*0000*/                   MOV R1, c[0x0][0x28] ;", ".L_x_4:", *body,
        "        /*0fe0*/              @!P0 BRA `(.L_x_5) ;",
        "        /*0ff0*/                   ATOMG.E.ADD.STRONG.GPU PT, R4, [UR6], R5 ;",
        ".L_x_5:",
        "        /*1000*/                   IMAD R1, R2, R3, R4 ;",
        "        /*1010*/              @!P2 CALL.REL.NOINC `(.L_x_6) ;",
        "        /*1020*/                   BRA `(.L_x_4) ;",
        ".L_x_6:",
        "        /*1030*/                   EXIT ;",
    ])  # fmt: skip
    counted = per_pass(sass(text), 1)
    assert counted == {"LOP3.LUT": 30, "BRA": 2, "IMAD": 1, "CALL.REL.NOINC": 1}


@needs_compilers
@pytest.mark.parametrize(
    ("chip", "shape", "floor"),
    [
        ("sm_90", Shape(multiply_to_add=True, registers=32), 1804),
        ("gfx1100", Shape(1, 2, 1), 2250),
        ("gfx942", Shape(1, 4, 2), 2400),
    ],
)
def test_a_kernel_costs_what_its_operations_say(chip: str, shape: Shape, floor: int) -> None:
    """At one version 1,176 rotations and shifts and 628 of logic are left to do, on NVIDIA's."""
    case = [each for each in cost.cases() if (each.chip, each.shape) == (chip, shape)][-1]
    counted = cost.cost_of(case)
    assert floor < counted.slots <= case.limit
    assert counted.spilled_bytes == 0
    assert counted.code_bytes <= case.code_limit
    assert counted.occupancy == 1
    assert all(outcome.verdict is Verdict.MET for outcome in cost._outcomes(case, counted))


@pytest.mark.parametrize(
    ("chip", "versions", "registers", "verdict"),
    [
        ("sm_86", 2, 40, Verdict.MET), ("sm_86", 2, 48, Verdict.MISSED),
        ("sm_90", 2, 40, Verdict.MET), ("sm_86", 4, 64, Verdict.MET),
        ("sm_86", 4, 72, Verdict.MISSED),
    ],
)  # fmt: skip
def test_as_many_waves_are_wanted_as_the_words_leave_room_for(
    chip: str, versions: int, registers: int, verdict: Verdict
) -> None:
    case = next(x for x in cost.cases() if (x.chip, x.shape.versions) == (chip, versions))
    room = ROOM[chip]
    share = room.waves_of(registers, 256) / room.waves
    slots, waves = cost._outcomes(case, cost.Cost(1500.0, 900.0, 90_000, registers, 0, share, {}))
    assert (slots.verdict, waves.verdict) == (Verdict.MET, verdict)
    assert f"{8 * versions + 16} words live" in waves.detail


def test_code_that_spills_has_no_bound() -> None:
    case = next(cost.cases())
    slots, _ = cost._outcomes(case, cost.Cost(1500.0, 900.0, 90_000, 40, 8, 1.0, {}))
    assert slots.verdict is Verdict.UNMEASURED
    assert "8 spilled" in slots.detail


@needs_compilers
def test_more_work_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    case = next(each for each in cost.cases() if each.chip == "gfx1100")
    counted = cost.cost_of(case).slots
    text = cost.source(case.shape).replace("const LANES nonce_0 = SWAP(nonce);", (
        "const LANES nonce_0 = ROTR(SWAP(nonce) ^ 1u, 3u);"
    ))  # fmt: skip
    monkeypatch.setattr(cost, "source", lambda _: text)
    assert cost.cost_of(case).slots == counted + 2


def test_what_is_missing_is_a_line_with_the_cure(monkeypatch, capsys) -> None:
    monkeypatch.setattr(compilers.shutil, "which", lambda _: None)
    monkeypatch.setattr(compilers, "_of_wheel", lambda *_: None)
    compilers.tool.cache_clear()
    assert main(["bench", "gpu-cost"]) == ExitCode.NO_DEVICE
    compilers.tool.cache_clear()
    (line,) = capsys.readouterr().err.splitlines()
    assert "no clang: apt install clang-19; no ptxas: make gpu-tools" in line


def test_a_compiler_that_refuses_is_a_line(monkeypatch) -> None:
    with pytest.raises(compilers.ToolError, match=r"^sh: .*no such thing"):
        compilers._run("sh", "-c", "echo no such thing >&2; exit 1")


def test_what_is_quoted_was_counted_for_every_case_and_names_its_compilers() -> None:
    quoted = record.read(QUOTED)
    assert [each["case"] for each in quoted["costs"]] == [case.name for case in cost.cases()]
    assert set(quoted["tools"]) == {"clang", "ptxas", "nvdisasm", "nvrtc"}
    assert "gfx1100 clang V=1: VALU slots per hash" in cost.report(quoted)
