import shutil

import pytest

from stampmill.bench.candidates import contest, exact, report
from stampmill.bench.candidates.contest import Plan
from stampmill.bench.candidates.exact import ValgrindError
from stampmill.bench.candidates.spec import parse
from stampmill.core import native
from stampmill.core.errors import NoDeviceError

from .test_report import contestant

needs_valgrind = pytest.mark.skipif(shutil.which("valgrind") is None, reason="no valgrind")


@pytest.mark.slow
@needs_valgrind
@pytest.mark.skipif(not native.available(), reason=native.why_unavailable() or "built")
def test_instructions_of_a_hash_are_counted_exactly():
    generic = contestant("generic", [1.0]).candidate
    count = exact.instructions_per_hash(generic, 1)
    # Two compressions of 64 rounds, some 20 operations each with the schedule; portable C has more.
    assert 2_500 < count < 10_000


def test_without_valgrind_the_cure_is_told(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    with pytest.raises(NoDeviceError, match="apt install valgrind"):
        contest.compare([parse("reference")], Plan(exact=True))


def test_what_cannot_be_counted_is_told(monkeypatch):
    one = contestant("wide", [1.0])

    def refuse(*_):
        raise ValgrindError("valgrind does not know its instructions")

    monkeypatch.setattr(exact, "instructions_per_hash", refuse)
    contest._count(one)
    text = report.report(contest.Comparison([one], cpu=0))
    assert "instructions of wide are not counted: valgrind does not know" in text


def test_exact_counts_stand_in_for_counters():
    one = contestant("k", [1.0])
    one.exact.append(2854.25)
    assert report.rows(contest.Comparison([one], cpu=0))[0][4] == "2,854.2"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("==1== vex: unrecognised instruction\n", "valgrind does not know its instructions"),
        ("==1== x\nkernel 'avx512': CPU lacks it\n==1== y\n", "kernel 'avx512': CPU lacks it"),
        ("==1== x\n", "valgrind counted nothing"),
    ],
)
def test_the_reason_is_the_kernels_last_line(text, reason):
    assert exact._reason(text) == reason
