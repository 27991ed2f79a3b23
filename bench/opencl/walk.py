"""The way through a device's kernels: one property after the other, the best kept each time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from stampmill.core.backends.opencl.listing import DeviceInfo
from stampmill.core.backends.opencl.shapes import adds_by_multiplying, shapes_of, with_limit
from stampmill.core.errors import StampmillError
from stampmill.kernels.opencl.code import WIDTHS, Shape

SHARED = ((2, 1), (2, 2), (4, 1), (4, 2), (8, 1))
"""Versions that share a schedule, and how often their second hash is in the code."""
ONE_BY_ONE = (4, 8)
"""Versions that do so on CPUs."""
GPU_GROUPS, CPU_GROUPS = (64, 128, 256, 512), (1, 8, 64)
LAUNCHES = (10.0, 20.0, 50.0, 100.0, 200.0)
"""Milliseconds."""
GOOD_ENOUGH = 0.99
"""Of the best rate: the shortest launch that reaches it is taken, as new work waits for it."""
WORTH_IT = 1.01
"""How much faster versions that share a schedule have to be, to cost a program of their own."""

# Of the budget: each trial's time, and the part that launches are left.
_TRIAL, _LONGEST_TRIAL, _FOR_LAUNCHES = 1 / 40, 0.6, 0.25

Progress = Callable[[str], None]


class Trials(Protocol):
    """What measures: a stand, or what stands for one."""

    @property
    def info(self) -> DeviceInfo:
        """The device."""

    def rate(self, shapes: Mapping[int, Shape], versions: int, seconds: float) -> float:
        """Return hashes per second; raise StampmillError for a shape that is none for it."""

    def rate_of_launches(
        self, shapes: Mapping[int, Shape], milliseconds: float, seconds: float
    ) -> float:
        """Return hashes per second with launches of such a length."""


@dataclass(slots=True)
class Walk:
    """What was tried, and what came of it."""

    rates: dict[Shape, float] = field(default_factory=dict)
    launches: dict[float, float] = field(default_factory=dict)
    left_out: dict[Shape, str] = field(default_factory=dict)
    untried: int = 0
    """Candidates that there was no time for."""

    @property
    def shapes(self) -> dict[int, Shape]:
        """The best for one version, and for several if they are worth it."""
        one = self._best(lambda shape: shape.versions == 1)
        shared = self._best(lambda shape: shape.versions > 1)
        chosen = {1: one} if one else {}
        if one and shared and self.rates[shared] > WORTH_IT * self.rates[one]:
            chosen[shared.versions] = shared
        return chosen

    @property
    def launch_milliseconds(self) -> float | None:
        """The shortest launch that is fast enough; None if none was timed."""
        best = max(self.launches.values(), default=0.0)
        good = [each for each, rate in self.launches.items() if rate >= GOOD_ENOUGH * best]
        return min(good, default=None)

    def _best(self, wanted: Callable[[Shape], bool]) -> Shape | None:
        return max(filter(wanted, self.rates), key=self.rates.__getitem__, default=None)


def walk(
    trials: Trials, budget: float, clock: Callable[[], float], progress: Progress = lambda _: None
) -> Walk:
    """Try kernels and launches for about so many seconds; the usual ones in any case."""
    return _Walker(trials, budget, clock, progress).walk()


def label(shape: Shape) -> str:
    """Return a shape's name in tables and in the file."""
    parts = [f"width {shape.width}", f"group {shape.group}"]
    if shape.versions > 1 and shape.one_by_one:
        parts.append(f"{shape.versions} versions, one by one")
    elif shape.versions > 1:
        parts.append(f"{shape.versions} versions, second hash {_times(shape.copies)}")
    if shape.multiply_to_add:
        parts.append("inline PTX")
    if shape.registers:
        parts.append(f"{shape.registers} registers")
    return ", ".join(parts)


class _Walker:
    def __init__(
        self, trials: Trials, budget: float, clock: Callable[[], float], progress: Progress
    ) -> None:
        self._trials, self._clock, self._progress = trials, clock, progress
        self._trial_seconds = min(budget * _TRIAL, _LONGEST_TRIAL)
        begun = clock()
        self._shapes_till = begun + budget * (1 - _FOR_LAUNCHES)
        self._till = begun + budget
        self._walk = Walk()

    def walk(self) -> Walk:
        info = self._trials.info
        usual = shapes_of(info)
        # In any case: what is remembered must not be less than what is usual.
        for shape in usual.values():
            self._measure(shape)
        self._try(_widths(info, usual[1]))
        if one := self._walk.shapes.get(1):
            self._try(_shared(self._trials.info, one))
        for shape in tuple(self._walk.shapes.values()):
            self._try(_groups(info, shape) + _limits(info, shape))
        self._time_launches()
        return self._walk

    def _try(self, shapes: Sequence[Shape]) -> None:
        walked = self._walk
        for shape in shapes:
            if shape in walked.rates or shape in walked.left_out:
                continue
            if self._clock() >= self._shapes_till:
                walked.untried += 1
                continue
            self._measure(shape)

    def _measure(self, shape: Shape) -> None:
        # The proof of a kernel asks for one version, too.
        shapes = {**self._walk.shapes, shape.versions: shape}
        shapes = {
            versions: each for versions, each in shapes.items() if versions in {1, shape.versions}
        }
        if 1 not in shapes:
            shapes[1] = with_limit(self._trials.info, replace(shape, versions=1, copies=1))
        try:
            rate = self._trials.rate(shapes, shape.versions, self._trial_seconds)
        except StampmillError as error:
            self._walk.left_out[shape] = str(error)
            self._say(f"{label(shape)} is left out: {error}")
            return
        self._walk.rates[shape] = rate
        self._say(f"{label(shape)}: {rate / 1e6:,.2f} MH/s")

    def _time_launches(self) -> None:
        shapes = self._walk.shapes
        for milliseconds in LAUNCHES if shapes else ():
            if self._clock() >= self._till:
                self._walk.untried += 1
                continue
            # Several launches, whatever they take.
            seconds = max(self._trial_seconds, 4 * milliseconds / 1000)
            try:
                rate = self._trials.rate_of_launches(shapes, milliseconds, seconds)
            except StampmillError as error:
                self._say(f"launches of {milliseconds:g} ms are left out: {error}")
                continue
            self._walk.launches[milliseconds] = rate
            self._say(f"launches of {milliseconds:g} ms: {rate / 1e6:,.2f} MH/s")

    def _say(self, line: str) -> None:
        self._progress(f"{self._trials.info.label} {line}")


def _widths(info: DeviceInfo, usual: Shape) -> list[Shape]:
    """Return other widths, and on NVIDIA's the plain additions.

    PoCL makes vectors of width 1 and 2 by itself, which takes it up to a minute.
    """
    if info.is_gpu:
        widths: Sequence[int] = (1, 2)
    else:
        widths = [width for width in reversed(WIDTHS) if width >= 4]
    shapes = [
        replace(usual, width=width, multiply_to_add=adds_by_multiplying(info, width))
        for width in widths
    ]
    plain = [replace(usual, multiply_to_add=False)] if usual.multiply_to_add else []
    return [with_limit(info, shape) for shape in shapes + plain]


def _shared(info: DeviceInfo, one: Shape) -> list[Shape]:
    if not info.is_gpu:
        return [replace(one, versions=versions) for versions in ONE_BY_ONE]
    shapes = [replace(one, versions=versions, copies=copies) for versions, copies in SHARED]
    return [with_limit(info, shape) for shape in shapes]


def _groups(info: DeviceInfo, shape: Shape) -> list[Shape]:
    groups = GPU_GROUPS if info.is_gpu else CPU_GROUPS
    return [replace(shape, group=group) for group in groups if group <= info.max_group]


def _limits(info: DeviceInfo, shape: Shape) -> list[Shape]:
    """Return the shape with a limit of registers and without."""
    return [with_limit(info, shape), replace(shape, registers=0)]


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")
