"""The comparison as a record in pytest-benchmark's shape."""

from stampmill.bench.candidates import verdicts
from stampmill.bench.candidates.contest import Comparison, Contestant, Peer
from stampmill.bench.candidates.figures import Figures, figures_of, median, ratio_of_peer
from stampmill.bench.host import limits, machine
from stampmill.bench.host.counters import unavailable
from stampmill.bench.peers import run
from stampmill.bench.record import Benchmark, Document, document
from stampmill.bench.summary import Ratio, Summary
from stampmill.bench.timing import Measurement

GROUP = "kernels"


def as_document(comparison: Comparison) -> Document:
    """Return the record of the comparison."""
    found = figures_of(comparison)
    ours = [
        _benchmark(one, figures, comparison)
        for one, figures in zip(comparison.contestants, found, strict=True)
    ]
    peers = [_peer(one, comparison.contestants[0]) for one in comparison.peers]
    return document(ours + peers, [one.as_dict() for one in verdicts.outcomes(found)])


def _peer(peer: Peer, first: Contestant) -> Benchmark:
    data, ratio = peer.seconds_per_hash(), ratio_of_peer(peer, first)
    return Benchmark(
        group="peers",
        name=run.name_of(peer.command),
        data=data,
        params={"command": peer.command},
        extra_info={
            "miner": peer.reports[-1].miner.value,
            "hashes_per_second": 1 / Summary.of(data).median,
            "timer": "the miner's own word",
            **_ratio(ratio),
        },
    )


def _benchmark(one: Contestant, figures: Figures, comparison: Comparison) -> Benchmark:
    candidate, measured = one.candidate, one.measurement
    return Benchmark(
        group=GROUP,
        name=measured.case.name,
        data=measured.seconds_per_hash(),
        iterations=measured.hashes,
        params={"kernel": candidate.spec.text, "versions": measured.case.versions},
        extra_info={
            "description": candidate.description,
            "lanes": candidate.lanes,
            **candidate.provenance,
            "hashes": measured.hashes,
            "hashes_per_second": 1 / figures.seconds.median,
            **_counts(one, figures),
            **_against_limit(figures),
            "undisturbed": _undisturbed(figures),
            **_ratio(figures.ratio),
            "timer": candidate.timer,
            "cpu_share": measured.cpu_share(),
            "warm_up_scans": one.warm_ups,
            "never_flat": one.restless,
            "threads": 1,
            **_machine(comparison),
        },
    )


def _counts(one: Contestant, figures: Figures) -> dict[str, object]:
    return {
        "cycles_per_hash": figures.cycles,
        "instructions_per_hash": figures.instructions,
        "exact_instructions_per_hash": figures.exact,
        "joules_per_hash": median(one.measurement.joules_per_hash()),
        **_misses(one.measurement),
        "no_counters": unavailable(),
        "cycles_are": _source_of_cycles(one.measurement),
    }


def _misses(measured: Measurement) -> dict[str, object]:
    events = measured.samples[0].misses if measured.samples else {}
    rounds = len(measured.samples)
    return {
        f"{event}_per_hash": sum(sample.misses.get(event, 0) for sample in measured.samples)
        / (rounds * measured.hashes)
        for event in events
    }


def _source_of_cycles(measured: Measurement) -> str | None:
    if measured.cycles_per_hash() is None:
        return None
    return "timed" if measured.instructions_per_hash() is None else "counted"


def _against_limit(figures: Figures) -> dict[str, object]:
    known, core = figures.limit, limits.this_core()
    return {
        "operations_per_hash": dict(known.operations) if known else None,
        "core": core.name if core else None,
        "port_limit_cycles_per_hash": known.cycles if known else None,
        "share_of_limit": figures.share_of_limit,
    }


def _undisturbed(figures: Figures) -> dict[str, object] | None:
    """Return what it did while its core was its own, and what probes of the core found by round."""
    own = figures.undisturbed
    if own is None:
        return None
    return {
        "rounds": own.rounds,
        "hashes_per_second": 1 / Summary.of(own.seconds).median if own.seconds else None,
        "cycles_per_hash": figures.own_cycles,
        "share_of_limit": figures.own_share_of_limit,
        "shared": [round(part, 4) for part in own.shared],
        "additions_per_cycle": [round(rate, 3) for rate in own.additions],
        "least_of_a_free_core": own.least,
    }


def _ratio(ratio: Ratio) -> dict[str, object]:
    """Return the ratio to the first, null where its interval holds 1: they may be equally fast."""
    return {
        "ratio_to_first": ratio.median if ratio.is_decided else None,
        "ratio_interval": [ratio.low, ratio.high],
    }


def _machine(comparison: Comparison) -> dict[str, object]:
    before, after = comparison.before, comparison.after
    return {
        "pinned": comparison.cpu,
        "governor": machine.governor(comparison.cpu),
        "load_before": comparison.load_before,
        "freq_before": before.megahertz,
        "freq_after": after.megahertz,
        "temp_before": before.celsius,
        "temp_after": after.celsius,
        "on_battery": after.on_battery,
    }
