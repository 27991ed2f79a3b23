import asyncio
from collections.abc import AsyncIterator

import pytest

from stampmill.core.backends.base import BackendError
from stampmill.core.errors import NoDeviceError, NoPoolError
from stampmill.core.events import Event, JobArrived
from stampmill.core.job import Nonce
from stampmill.core.miner import Miner
from stampmill.core.snapshot import Snapshot

from .fakes import BreakingBackend, MemoryBackend, make_job, turn
from .running import LONG, Run, a_source, some_accepted

# Backends that fail


def test_a_backend_that_does_not_open_is_left_out() -> None:
    broken, sound = MemoryBackend("broken"), MemoryBackend("sound")
    broken.fails_to_open = NoDeviceError("no such card")
    run = Run(a_source(), broken, sound)
    shot = run.until(some_accepted)
    assert shot.kernel == "sound kernel"
    assert broken.calls == ["open"]
    assert run.warnings() == ["backend broken failed: no such card"]


def test_without_any_backend_that_opens_there_is_no_run() -> None:
    broken = MemoryBackend()
    broken.fails_to_open = NoDeviceError("no such card")
    source = a_source()
    with pytest.raises(NoDeviceError, match="no such card"):
        Run(source, broken).to_the_end()
    assert source.listener is None


def test_no_backend_at_all_is_no_device() -> None:
    with pytest.raises(NoDeviceError, match="no backend"):
        Run(a_source()).to_the_end()


def test_an_unexpected_failure_to_open_closes_what_is_open() -> None:
    sound, broken = MemoryBackend("sound"), MemoryBackend("broken")
    broken.fails_to_open = OSError("permission denied")
    with pytest.raises(OSError, match="permission denied"):
        Run(a_source(), sound, broken).to_the_end()
    assert sound.calls == ["open", "close"]


def test_a_backend_that_breaks_leaves_the_others_working() -> None:
    broken, sound = BreakingBackend("broken", BackendError("cable gone")), MemoryBackend("sound")
    run = Run(a_source(), broken, sound)
    shot = run.until(lambda shot: shot.accepted >= 50)
    assert shot.accepted >= 50
    assert broken.calls[-1] == "close"
    assert run.warnings() == ["backend broken failed: cable gone"]


def test_the_hashes_of_a_broken_backend_still_count() -> None:
    broken, sound = BreakingBackend("broken", BackendError("cable gone")), MemoryBackend("sound")
    shot = Run(a_source(), broken, sound).until(some_accepted)
    assert shot.hashes == broken.hashes + sound.hashes
    assert broken.hashes > 0


def test_a_broken_backend_gets_no_more_jobs() -> None:
    broken, sound = BreakingBackend("broken", BackendError("cable gone")), MemoryBackend("sound")
    source = a_source()
    run = Run(source, broken, sound)

    def next_job(shot: Snapshot) -> bool:
        if shot.accepted >= 10 and shot.jobs == 1:
            assert source.listener is not None
            source.listener.on_job(make_job(source))
        return shot.jobs == 2

    run.until(next_job)
    assert broken.calls == ["open", "replace", "close"]
    assert sound.calls == ["open", "replace", "replace", "close"]


def test_the_last_backend_to_break_ends_the_run_with_its_error() -> None:
    backends = [BreakingBackend(name, BackendError(f"{name} is gone")) for name in "ab"]
    source = a_source()
    with pytest.raises(BackendError, match="is gone"):
        Run(source, *backends).to_the_end()
    assert source.drained


def test_a_broken_backend_that_cannot_close_leaves_the_others_working() -> None:
    broken, sound = BreakingBackend("broken", BackendError("cable gone")), MemoryBackend("sound")
    broken.fails_to_close = BackendError("and stuck")
    run = Run(a_source(), broken, sound)
    shot = run.until(lambda shot: shot.accepted >= 50)
    assert shot.accepted >= 50
    assert run.warnings() == [
        "backend broken failed: cable gone",
        "backend broken failed: and stuck",
    ]


def test_a_backend_that_ends_without_an_error_is_not_silently_idle() -> None:
    class Ending(MemoryBackend):
        async def nonces(self) -> AsyncIterator[Nonce]:
            while self.feed is None:
                await turn()
            for nonce in self.mine():
                yield nonce

    run = Run(a_source(), Ending("ending"), MemoryBackend("sound"))
    assert run.until(lambda shot: shot.accepted >= 50).accepted >= 50
    assert run.warnings() == ["backend ending failed: it stopped by itself"]


def test_an_unexpected_exception_of_a_backend_surfaces() -> None:
    broken, sound = BreakingBackend("broken", ZeroDivisionError("oops")), MemoryBackend("sound")
    with pytest.raises(ZeroDivisionError, match="oops"):
        Run(a_source(), broken, sound).to_the_end()
    assert sound.calls[-1] == "close"


# Sources that fail


@pytest.mark.parametrize("error", [NoPoolError("no pool took us"), ValueError("a bug")])
def test_an_error_of_the_source_ends_the_run(error: Exception) -> None:
    source, backend = a_source(), MemoryBackend()
    source.fails = error
    with pytest.raises(type(error), match=str(error)):
        Run(source, backend).to_the_end()
    assert backend.calls[-1] == "close"
    assert source.drained


def test_an_exception_of_the_observer_surfaces() -> None:
    def observe(event: Event) -> None:
        if isinstance(event, JobArrived):
            raise ZeroDivisionError

    run = Miner(a_source(), [MemoryBackend()], observer=observe).run(LONG)
    with pytest.raises(ZeroDivisionError):
        asyncio.run(run)
