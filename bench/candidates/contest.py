"""The comparison: each kernel is proved, then all are timed in turn, in fresh processes."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from time import monotonic

from stampmill.bench import gate, timing
from stampmill.bench.candidates import exact, referee, undisturbed
from stampmill.bench.candidates.referee import Candidate, Limits, Run
from stampmill.bench.candidates.spec import Spec
from stampmill.bench.candidates.undisturbed import Undisturbed
from stampmill.bench.host import conditions, machine
from stampmill.bench.host.conditions import Conditions
from stampmill.bench.host.limits import this_core
from stampmill.bench.peers import run
from stampmill.bench.peers.formats import Report
from stampmill.bench.timing import Entry, Measurement
from stampmill.core.errors import NoDeviceError

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """How to measure. `version_counts` None: one version, and as many as the kernel takes."""

    rounds: int = timing.ROUNDS
    seconds: float = timing.ROUND_SECONDS
    cpu: int | None = None
    version_counts: Sequence[int] | None = None
    timeout: float = referee.TIMEOUT
    exact: bool = False
    """Count instructions with valgrind, too."""
    peers: Sequence[str] = ()
    """Command lines of other miners' benchmarks."""
    peer_seconds: float = run.SECONDS
    patience: float = 0.0
    """For so many seconds more, rounds are added while too few had the core to themselves."""


@dataclass(frozen=True, slots=True)
class Contestant:
    """A candidate under so many versions, what it did, and in how many rounds it never got warm."""

    candidate: Candidate
    measurement: Measurement
    warm_ups: list[int] = field(default_factory=list)
    restless: list[int] = field(default_factory=list)
    exact: list[float] = field(default_factory=list)
    """Instructions per hash as valgrind counts them, where it was asked to and can."""
    not_exact: list[str] = field(default_factory=list)
    """Why it cannot."""


@dataclass(frozen=True, slots=True)
class Peer:
    """Another miner, and what it said of itself, round by round."""

    command: str
    reports: list[Report] = field(default_factory=list)

    def seconds_per_hash(self) -> list[float]:
        """Return each round's time per hash, by the clock."""
        return [1 / report.hashes_per_second for report in self.reports]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What was measured, on which CPU, and what the machine was like before and after."""

    contestants: Sequence[Contestant]
    cpu: int
    load_before: float | None = None
    before: Conditions = field(default_factory=Conditions)
    after: Conditions = field(default_factory=Conditions)
    peers: Sequence[Peer] = ()

    @property
    def measurements(self) -> list[Measurement]:
        """What was measured, in the order asked for."""
        return [one.measurement for one in self.contestants]


def compare(
    specs: Sequence[Spec],
    plan: Plan,
    progress: Progress = lambda _line: None,
    *,
    all_: bool = False,
) -> Comparison:
    """Check every kernel, then time all in turn; raise the first one's error.

    Of `all_` that there are, one that cannot run here is only reported to `progress`.
    """
    if plan.exact:
        exact.require()
    for command in plan.peers:
        run.check(command)
    cpu = machine.usable_cpus()[-1] if plan.cpu is None else plan.cpu
    limits = Limits(cpu, plan.timeout)
    candidates = [
        one for spec in specs for one in _checked(spec, plan, limits, progress, all_=all_)
    ]
    if not candidates:
        raise NoDeviceError("no kernel to compare")
    load, before = machine.load(), conditions.read(cpu)
    groups = [_contestants(candidate) for candidate in candidates]
    peers = [Peer(command) for command in plan.peers]
    contestants = [one for group in groups for one in group]
    for number in _numbers(plan, contestants, progress):
        _round(groups, limits, number)
        for peer in peers:
            peer.reports.append(run.measure(peer.command, cpu, plan.peer_seconds))
    after = conditions.read(cpu)
    for one in contestants if plan.exact else []:
        progress(f"counting instructions of {one.measurement.case.name}")
        _count(one)
    return Comparison(contestants, cpu, load, before, after, peers)


def _checked(
    spec: Spec, plan: Plan, limits: Limits, progress: Progress, *, all_: bool
) -> list[Candidate]:
    progress(f"checking {spec.text} against hashlib")
    try:
        return [referee.check(spec, plan.version_counts, plan.seconds, limits)]
    except NoDeviceError as error:
        if not all_:
            raise
        progress(f"{spec.text} is left out: {error}")
        return []


def _contestants(candidate: Candidate) -> list[Contestant]:
    return [
        Contestant(candidate, Measurement(Entry(candidate, versions), nonces * versions))
        for versions, nonces in zip(candidate.versions, candidate.nonces, strict=True)
    ]


def _numbers(plan: Plan, contestants: Sequence[Contestant], progress: Progress) -> Iterator[int]:
    """Yield the numbers of the rounds: those planned, and more if the core was shared too much."""
    for number in range(1, plan.rounds + 1):
        yield number
        progress(f"round {number} of {plan.rounds}")
    deadline = monotonic() + plan.patience
    for number in count(plan.rounds + 1):
        if monotonic() >= deadline or not _was_shared(contestants):
            return
        yield number
        progress(f"round {number}, as another thread shares the core")


def _was_shared(contestants: Sequence[Contestant]) -> bool:
    measured = [one.measurement for one in contestants]
    least = undisturbed.least(measured, this_core())
    found = [Undisturbed.of(one, least) for one in measured]
    return any(one is not None and not one.is_enough for one in found)


def _round(groups: Sequence[list[Contestant]], limits: Limits, number: int) -> None:
    """Run every kernel once, then check what they found."""
    done = [
        (one, result)
        for group in groups
        for one, result in zip(group, referee.measure(group[0].candidate, limits), strict=True)
    ]
    gate.check_timed([_found(one, result) for one, result in done])
    for one, result in done:
        one.measurement.samples.append(result.sample)
        one.warm_ups.append(result.warm_up)
        if not result.flat:
            one.restless.append(number)


def _count(one: Contestant) -> None:
    try:
        count = exact.instructions_per_hash(one.candidate, one.measurement.case.versions)
        one.exact.append(count)
    except exact.ValgrindError as error:
        one.not_exact.append(str(error))


def _found(one: Contestant, result: Run) -> gate.Found:
    versions = one.measurement.case.versions
    request = timing.request(versions, one.measurement.hashes // versions)
    return one.candidate.spec.text, request, result.hits
