"""The comparison as a table for people, with every reason to doubt it below."""

from collections.abc import Iterator, Sequence

from stampmill.bench import table, timing
from stampmill.bench.candidates import undisturbed, verdicts
from stampmill.bench.candidates.contest import Comparison, Contestant, Peer
from stampmill.bench.candidates.figures import Figures, figures_of, ratio_of_peer
from stampmill.bench.candidates.referee import Candidate
from stampmill.bench.host import conditions, limits, machine
from stampmill.bench.host.counters import unavailable
from stampmill.bench.peers import run
from stampmill.bench.peers.formats import Miner
from stampmill.bench.summary import Summary

HEAD = (
    *("kernel", "MH/s", "+-", "cycles/hash", "instr/hash"),
    *("ops/hash", "port limit", "of limit", "ratio", "95 % interval"),
)

_SHARED = 0.9
"""Below this share of its CPU a kernel was disturbed by other processes."""
_SPREAD = 0.05
"""Above this median deviation the rate alone says little; the ratio still holds."""
_SHARED_CORE = 0.02
"""From this part of the time on, a core that another thread shared is worth brackets and a line."""


def report(comparison: Comparison) -> str:
    """Return the table and the remarks."""
    return "\n".join([table.render(HEAD, rows(comparison)), "", *remarks(comparison)])


def rows(comparison: Comparison) -> list[list[str]]:
    """Return a row for each kernel and number of versions."""
    first = comparison.contestants[0]
    found = figures_of(comparison)
    ours = [_row(one, one is found[0], _shared(found)) for one in found]
    return ours + [_peer_row(peer, first) for peer in comparison.peers]


def remarks(comparison: Comparison) -> list[str]:
    """Return how it was measured, of what, and why it may not be trusted."""
    rounds = len(comparison.measurements[0].samples)
    lines = [
        machine.describe(machine.machine_info()),
        f"{rounds} rounds in turn, each kernel in a fresh process pinned to CPU {comparison.cpu}, "
        "by CPU time; MH/s: median, +- its median deviation; "
        "ratio: to the first, round by round, where its interval leaves out 1",
    ]
    if (why := unavailable()) is not None:
        lines.append(f"{why}: {_instead(comparison)}")
    lines += _about_devices(comparison)
    lines += [_about_limits(), *_origins(comparison), *_about_peers(comparison)]
    lines += [
        f"instructions of {one.measurement.case.name} are not counted: {why}"
        for one in comparison.contestants
        for why in one.not_exact
    ]
    if rounds < timing.ROUNDS:
        lines.append(f"fewer than {timing.ROUNDS} rounds: not to be quoted")
    found = figures_of(comparison)
    lines += verdicts.lines(verdicts.outcomes(found))
    doubts = [*_doubts(comparison), *_doubts_of_core(found, comparison.cpu)]
    return lines + [f"unstable: {doubt}" for doubt in doubts]


def _row(figures: Figures, is_first: bool, shared: float) -> list[str]:
    known, ratio = figures.limit, figures.ratio
    is_shared = shared > _SHARED_CORE
    return [
        figures.name,
        table.number(1e-6 / figures.seconds.median, 2),
        f"{figures.seconds.mad / figures.seconds.median:.1%}",
        _with_own(figures.cycles, figures.own_cycles if is_shared else None, ",.1f"),
        table.number(figures.exact if figures.instructions is None else figures.instructions),
        table.number(known.total if known else None),
        table.number(known.cycles if known else None),
        _with_own(figures.share_of_limit, figures.own_share_of_limit if is_shared else None, ".0%"),
        table.number(ratio.median if ratio.is_decided else None, 3),
        "-" if is_first else f"{ratio.low:.3f}-{ratio.high:.3f}",
    ]


def _with_own(value: float | None, own: float | None, form: str) -> str:
    """Return a figure, and in brackets what it was while the core was the kernel's own."""
    brackets = "" if own is None else f" ({own:{form}})"
    return "-" if value is None else f"{value:{form}}{brackets}"


def _shared(found: Sequence[Figures]) -> float:
    return undisturbed.shared([one.undisturbed for one in found if one.undisturbed])


def _peer_row(peer: Peer, first: Contestant) -> list[str]:
    seconds, ratio = Summary.of(peer.seconds_per_hash()), ratio_of_peer(peer, first)
    return [
        run.name_of(peer.command),
        table.number(1e-6 / seconds.median, 2),
        f"{seconds.mad / seconds.median:.1%}",
        *"-----",
        table.number(ratio.median if ratio.is_decided else None, 3),
        f"{ratio.low:.3f}-{ratio.high:.3f}",
    ]


def _about_peers(comparison: Comparison) -> Iterator[str]:
    for peer in comparison.peers:
        miner = peer.reports[-1].miner
        yield f"{run.name_of(peer.command)}: '{peer.command}', the rate that {miner.value} prints"
        if miner is Miner.HASHCAT:
            yield "hashcat's mode 1400 is one SHA-256 of a short text: about half of one hash here"
    if comparison.peers:
        yield "peers tell rates by the clock, and so is the first one's that their ratio is to"


def _about_devices(comparison: Comparison) -> Iterator[str]:
    """Say how the time of an OpenCL device is taken, whose work is on no thread of ours."""
    devices = {one.spec.text: one for one in _candidates(comparison) if one.on_device}
    for name, candidate in devices.items():
        if candidate.by_clock:
            yield f"{name} by the clock, and so is whatever its ratio is to: it is no CPU"
        else:
            yield f"{name} by the CPU time of all threads of its process: its runtime has its own"


def _candidates(comparison: Comparison) -> Iterator[Candidate]:
    return (one.candidate for one in comparison.contestants)


def _instead(comparison: Comparison) -> str:
    if any(measurement.cycles_per_hash() for measurement in comparison.measurements):
        return "cycles are CPU time over that of an addition, timed beside it"
    return "time only"


def _about_limits() -> str:
    core = limits.this_core()
    if core is None:
        return "port limit: not known for this CPU"
    return f"port limit: fewest cycles for these operations on {core.name} ({core.source})"


def _origins(comparison: Comparison) -> Iterator[str]:
    """Say what each kernel is and what made it, once."""
    commit = machine.commit_info()
    changed = " with changes" if commit["dirty"] else ""
    yield f"commit {str(commit['id'])[:12]}{changed}"
    yield from dict.fromkeys(map(_identity, comparison.contestants))


def _identity(one: Contestant) -> str:
    candidate, made = one.candidate, one.candidate.provenance
    facts = [candidate.description, made.get("compiler", ""), made.get("flags", "")]
    digest = f"sha256 {made['sha256']}" if "sha256" in made and not candidate.spec.is_ours else ""
    return f"{candidate.spec.text}: " + "; ".join(filter(None, [*facts, digest]))


def _doubts(comparison: Comparison) -> Iterator[str]:
    share = min(measurement.cpu_share() for measurement in comparison.measurements)
    if share < _SHARED:
        yield f"other processes held CPU {comparison.cpu} for {1 - share:.0%} of a run"
    yield from conditions.doubts(comparison.before, comparison.after)
    for one in comparison.contestants:
        name = one.measurement.case.name
        summary = Summary.of(one.measurement.seconds_per_hash())
        if summary.mad > _SPREAD * summary.median:
            yield f"rounds of {name} differ by {summary.mad / summary.median:.0%}"
        if one.restless:
            yield f"{name} never got to a steady rate in {_times(one.restless)}"


def _doubts_of_core(found: Sequence[Figures], cpu: int) -> Iterator[str]:
    share = _shared(found)
    if share <= _SHARED_CORE:
        return
    yield (
        f"another thread shared the core of CPU {cpu} for {share:.0%} of the time; in brackets is "
        "what was measured while none did"
    )
    seldom = [one.name for one in found if one.undisturbed and not one.undisturbed.is_enough]
    if seldom:
        yield (
            f"that was in fewer than {undisturbed.FEWEST} rounds of {', '.join(seldom)}: "
            "--patience 600 waits for more"
        )


def _times(rounds: Sequence[int]) -> str:
    return f"{len(rounds)} round{'s' * (len(rounds) > 1)}"
