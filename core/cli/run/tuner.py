"""Threads and intensity while a run goes on: a new backend takes the place of the old one."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from stampmill.core.backends.base import Backend
from stampmill.core.backends.options import BackendOptions
from stampmill.core.backends.registry import Choice
from stampmill.core.cli.choice import BOARDS, milliseconds
from stampmill.core.errors import StampmillError
from stampmill.core.miner import Miner
from stampmill.core.operate.controls import RefusedError

OPENCL = "opencl"

Tell = Callable[[str, bool], None]
"""Takes a line for people, and whether it is a warning."""
Alter = Callable[[BackendOptions], BackendOptions]


@dataclass(slots=True)
class _Place:
    """Where one backend follows another."""

    backend: Backend
    choice: Choice


class Tuner:
    """Sets backends otherwise, one after the other, while all else goes on.

    `running` are those that the run begins with; `make` returns a backend, not yet open.
    """

    def __init__(
        self,
        miner: Miner,
        running: Mapping[Choice, Backend],
        make: Callable[[Choice], Backend],
        tell: Tell,
    ) -> None:
        self._miner = miner
        self._places = [_Place(backend, choice) for choice, backend in running.items()]
        self._make = make
        self._tell = tell
        self._one_by_one = asyncio.Lock()
        self._changes: set[asyncio.Task[None]] = set()

    def set_threads(self, threads: int | None, device: int | None = None) -> None:
        """Let so many threads scan, of the backend of a device or of all that have threads."""
        places = [place for place in self._asked(device) if _has_threads(place.choice)]
        if not places:
            raise RefusedError("threads can be set of backends that work on the CPU only")
        self._change(places, lambda options: replace(options, threads=threads), "threads")

    def set_intensity(self, intensity: str | None, device: int | None = None) -> None:
        """Let launches take so long, on the devices of a device's backend or on all of OpenCL's."""
        places = [place for place in self._asked(device) if place.choice.name == OPENCL]
        if not places:
            raise RefusedError("an intensity can be set of OpenCL devices only")
        wanted = None if intensity is None else milliseconds(intensity)
        self._change(places, lambda options: replace(options, intensity=wanted), "intensity")

    async def aclose(self) -> None:
        """Begin no more changes; one whose backend is at work already comes to its end."""
        for change in self._changes:
            change.cancel()
        await asyncio.gather(*self._changes, return_exceptions=True)

    def _asked(self, device: int | None) -> list[_Place]:
        alive = [place for place in self._places if place.backend in self._miner.backends]
        if device is None:
            return alive
        owners = self._miner.owners
        if not 0 <= device < len(owners):
            raise RefusedError(f"there is no device {device}: they are 0 to {len(owners) - 1}")
        return [place for place in alive if place.backend is owners[device]]

    def _change(self, places: list[_Place], alter: Alter, what: str) -> None:
        for place in places:
            alter(place.choice.options)  # what no backend could take is refused at once
        change = asyncio.create_task(self._follow(places, alter, what))
        self._changes.add(change)
        change.add_done_callback(self._changes.discard)

    async def _follow(self, places: list[_Place], alter: Alter, what: str) -> None:
        async with self._one_by_one:
            for place in places:
                await self._set(place, alter, what)

    async def _set(self, place: _Place, alter: Alter, what: str) -> None:
        choice = replace(place.choice, options=alter(place.choice.options))
        if choice == place.choice:
            return
        try:
            new = self._make(choice)
            await self._miner.replace(place.backend, new)
        except StampmillError as error:
            self._tell(f"{what} of {choice.name} not changed: {error}", True)
            return
        if new in self._miner.backends:
            place.backend, place.choice = new, choice
            self._tell(f"{what} of {choice.name} changed: {_outcome(new, what)}", False)


def _has_threads(choice: Choice) -> bool:
    return choice.name not in {OPENCL, BOARDS}


def _outcome(backend: Backend, what: str) -> str:
    capabilities = backend.capabilities()
    return str(len(capabilities.devices)) if what == "threads" else capabilities.kernel
