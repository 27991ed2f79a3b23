"""How near to the port limit a kernel has to come, and by which rounds that is judged."""

from collections.abc import Sequence

from stampmill.bench.candidates.figures import Figures
from stampmill.bench.candidates.undisturbed import FEWEST, Undisturbed
from stampmill.bench.pipeline.targets import Bound, Outcome, Target, Verdict

WANTED = 0.9
"""Of the limit; the rest is what ports take alike that do not do the same."""


def outcomes(found: Sequence[Figures]) -> list[Outcome]:
    """Return the verdict on every kernel whose limit is known."""
    return [_outcome(figures) for figures in found if figures.share_of_limit is not None]


def lines(judged: Sequence[Outcome]) -> list[str]:
    """Return the same for people: who meets it, who does not, and what each was judged by."""
    if not judged:
        return []
    return [f"at least {WANTED:.0%} of the port limit: " + _listed(judged), *_grounds(judged)]


def _listed(judged: Sequence[Outcome]) -> str:
    by_verdict = {
        verdict: [f"{one.target.name} {one.value:.1%}" for one in judged if one.verdict is verdict]
        for verdict in (Verdict.MET, Verdict.MISSED)
    }
    parts = (
        f"{verdict.value} by {', '.join(all_)}" for verdict, all_ in by_verdict.items() if all_
    )
    return "; ".join(parts)


def _grounds(judged: Sequence[Outcome]) -> list[str]:
    grounds: dict[str, list[str]] = {}
    for one in judged:
        grounds.setdefault(one.detail, []).append(one.target.name)
    return [f"judged by {ground}: {', '.join(names)}" for ground, names in grounds.items()]


def _outcome(figures: Figures) -> Outcome:
    target = Target(figures.name, f"{figures.name} of its port limit", WANTED, "", Bound.AT_LEAST)
    own, rounds = figures.undisturbed, figures.seconds.rounds
    if own is not None and own.is_enough:
        ground = f"the {own.rounds} of {rounds} rounds that had the core to themselves for a while"
        return Outcome(target, figures.own_share_of_limit, ground)
    return Outcome(target, figures.share_of_limit, f"all {rounds} rounds, {_why_all(own)}")


def _why_all(own: Undisturbed | None) -> str:
    if own is None:
        return "the core not probed"
    return f"of which fewer than {FEWEST} had the core to themselves"
