"""Launches, by a device that is not there: how long they are, and that nothing is lost."""

from dataclasses import replace

import pytest

from stampmill.core.backends.opencl import kernel as kernel_module
from stampmill.core.backends.opencl.kernel import MAX_LAUNCH, OpenClKernel
from stampmill.core.scan import MAX_HITS, NONCE_SPACE, CancelWord, ScanRequest, ScanStatus
from tests.core.kernel_contract import MAX_TARGET, walk

from .simulated import SimulatedLauncher

SECONDS = 0.05
PREFIX = bytes(range(76))


def kernel_of(launcher: SimulatedLauncher, *shapes: int) -> OpenClKernel:
    return OpenClKernel(launcher, shapes, SECONDS, "opencl:0")


@pytest.mark.parametrize("versions", [1, 4])
@pytest.mark.parametrize("rate", [1e5, 1e7, 1e10, 1e14])
def test_launches_grow_to_their_time_and_not_beyond(rate: float, versions: int) -> None:
    launcher = SimulatedLauncher(rate=rate)
    end = int(min(rate * 3, NONCE_SPACE))
    request = ScanRequest(PREFIX, tuple(range(versions)), 0, end, 0)
    assert kernel_of(launcher, 2).scan(request, CancelWord()).status is ScanStatus.DONE
    seconds = [(last - first + 1) * versions / rate for first, last in launcher.launches]
    assert all(later <= 1.01 * SECONDS for later in seconds[1:])
    assert max(seconds) > SECONDS * 0.8 or max(seconds) * rate / versions >= MAX_LAUNCH
    assert len(seconds) < 3 * versions / SECONDS * 1.2 + 12


def test_launches_cut_a_range_exactly() -> None:
    launcher = SimulatedLauncher()
    for first, end in ((0, NONCE_SPACE), (5, 6), (NONCE_SPACE - 1, NONCE_SPACE), (77, 10**9 + 7)):
        launcher.launches.clear()
        kernel_of(launcher).scan(ScanRequest(PREFIX, (1,), first, end, 0), CancelWord())
        assert launcher.launches[0][0] == first
        assert launcher.launches[-1][1] == end - 1
        pairs = zip(launcher.launches, launcher.launches[1:], strict=False)
        assert all(before[1] + 1 == after[0] for before, after in pairs)
        assert all(last - start < MAX_LAUNCH for start, last in launcher.launches)


@pytest.mark.parametrize("versions", [(1,), (1, 2, 3), tuple(range(16))])
def test_a_flood_of_hits_is_searched_again_until_it_fits(versions: tuple[int, ...]) -> None:
    launcher = SimulatedLauncher(every_hash=True)
    request = ScanRequest(PREFIX, versions, 10, 700, MAX_TARGET, max_hits=MAX_HITS)
    kernel = kernel_of(launcher, 2)
    kernel.scan(ScanRequest(PREFIX, (1,), 0, 1 << 31, MAX_TARGET), CancelWord())
    hits = walk(kernel, request)
    assert hits == [(nonce, version) for nonce in range(10, 700) for version in versions]
    assert launcher.overflows >= 1


def test_launches_are_long_again_after_a_flood() -> None:
    launcher = SimulatedLauncher(every_hash=True)
    kernel = kernel_of(launcher)
    walk(kernel, ScanRequest(PREFIX, (1,), 0, 3000, MAX_TARGET))
    launcher.every_hash = False
    launcher.launches.clear()
    kernel.scan(ScanRequest(PREFIX, (1,), 0, NONCE_SPACE, 0), CancelWord())
    assert len(launcher.launches) < 30


def test_versions_are_parted_among_the_programs() -> None:
    kernel = kernel_of(SimulatedLauncher(), 2, 4)
    groups = kernel._prepared(PREFIX, tuple(range(15)), 0)
    assert [(group.versions, group.first) for group in groups] == [
        (4, 0), (4, 4), (4, 8), (2, 12), (1, 14),
    ]  # fmt: skip


def test_a_cancel_waits_for_one_launch() -> None:
    cancel = CancelWord()

    class Cancelling(SimulatedLauncher):
        def run(self, groups, first, last):
            if len(self.launches) == 3:
                cancel.set()
            return super().run(groups, first, last)

    launcher = Cancelling()
    result = kernel_of(launcher).scan(ScanRequest(PREFIX, (1,), 0, NONCE_SPACE, 0), cancel)
    assert result.status is ScanStatus.CANCELLED
    assert result.next_nonce == launcher.launches[-1][1] + 1
    assert len(launcher.launches) == 4


def test_the_loop_has_the_interpreter_first_after_a_hit(monkeypatch: pytest.MonkeyPatch) -> None:
    naps: list[float] = []
    monkeypatch.setattr(kernel_module.time, "sleep", naps.append)
    scans = kernel_of(SimulatedLauncher(hits=[(50, 0)]))
    easy = ScanRequest(PREFIX, (1,), 0, 1000, MAX_TARGET)
    for first, so_far in ((0, 0), (500, 1), (600, 1)):
        scans.scan(replace(easy, first=first), CancelWord())
        assert len(naps) == so_far


def test_what_a_device_claims_wrongly_is_no_hit() -> None:
    launcher = SimulatedLauncher(hits=[(50, 0), (60, 0)])
    result = kernel_of(launcher).scan(ScanRequest(PREFIX, (1,), 0, 1000, 1), CancelWord())
    assert result == (ScanStatus.DONE, (), 1000, 0)
