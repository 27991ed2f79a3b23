"""The clock and the core voltage at which an ASIC board does best, found at its own work.

It mines on jobs that nobody pays for, since a pool would see every setting that is not good.
"""

import asyncio
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from stampmill.bench import table
from stampmill.bench.boards.world import JobStream
from stampmill.core import tuning
from stampmill.core.backends.asic import entry
from stampmill.core.backends.asic.backend.backend import AsicBackend
from stampmill.core.backends.asic.link.discovery import names_here
from stampmill.core.backends.asic.tuning.point import Bounds, Wanted
from stampmill.core.backends.asic.tuning.result import Measured, Result
from stampmill.core.backends.asic.tuning.tuner import Pace, Tuner
from stampmill.core.backends.base import BackendError
from stampmill.core.backends.options import BackendOptions
from stampmill.core.errors import StampmillError, UsageError
from stampmill.core.miner import Miner
from stampmill.core.tuning import BoardSetting

_JOB_SECONDS = 30.0
_SHARE_BITS = 1
"""Every hash that a board reports tells something, so all are asked for that the line takes."""
_OPEN_PAUSE = 0.1

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Tuning:
    """What was found of a board, and the file that it is remembered in."""

    key: str
    setting: BoardSetting
    results: tuple[Result, ...]
    file: Path


def tune(
    device: str,
    wanted: Wanted,
    seconds: float | None = None,
    progress: Progress = lambda _line: None,
    environ: Mapping[str, str] = os.environ,
) -> Tuning:
    """Search the best setting of one board, in about so many seconds or as long as it takes.

    `device` is asic:PATH, or asic where one board is plugged in. Raise NoDeviceError, UsageError
    for what cannot be tuned, BackendError where no setting is good.
    """
    settings = replace(BackendOptions().asic, as_tuned=False)
    options = BackendOptions(port=_port(device), asic=settings, tell=progress)
    backend = entry.create(options)
    assert isinstance(backend, AsicBackend)  # noqa: S101  it makes no others
    pace = Pace(budget=seconds)
    result, results = asyncio.run(tune_backend(backend, wanted, pace, progress))
    setting = _setting(result, backend, wanted)
    try:
        file = tuning.remember_board(backend.identity, setting, environ)
    except OSError as error:
        raise StampmillError(f"the setting cannot be remembered: {error}") from error
    return Tuning(backend.identity, setting, results, file)


async def tune_backend(
    backend: AsicBackend, wanted: Wanted, pace: Pace, progress: Progress = lambda _line: None
) -> tuple[Result, tuple[Result, ...]]:
    """Let a board mine, and search; return the best result and all. It is closed afterwards."""
    source, clock = JobStream(_JOB_SECONDS, _SHARE_BITS), asyncio.get_running_loop().time
    source.keeps_shares = False
    miner = Miner(source, [backend], clock=clock)
    mining = asyncio.ensure_future(miner.run())
    searching = asyncio.ensure_future(_search(backend, wanted, pace, progress))
    try:
        await asyncio.wait((mining, searching), return_when=asyncio.FIRST_COMPLETED)
        if mining.done() and not searching.done():
            mining.result()
            raise BackendError("the board stopped")
        return searching.result()
    finally:
        # The search first: it takes a bad setting back while the board still listens.
        for task in (searching, mining):
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def _search(
    backend: AsicBackend, wanted: Wanted, pace: Pace, progress: Progress
) -> tuple[Result, tuple[Result, ...]]:
    while not _works(backend):  # noqa: ASYNC110  a board's state has no event
        await asyncio.sleep(_OPEN_PAUSE)
    bounds = Bounds.of(backend.limits())
    tuner = Tuner(backend, bounds, wanted, pace, progress=lambda one: progress(_told(one)))
    best = await tuner.run()
    return best, tuple(tuner.search.results)


def report(found: Tuning) -> str:
    """Return the table for people, and what follows from it."""
    head = ("setting", "verdict", "GH/s", "errors", "W", "J/TH", "C")
    rows = [_row(result) for result in found.results]
    setting = found.setting
    volts = "" if setting.volts is None else f" at {setting.volts:g} V"
    verdict = f"best for {setting.goal}: {setting.mhz:g} MHz{volts}; remembered for {found.key}"
    return "\n".join([table.render(head, rows, (0, 1)), "", f"{verdict} in {found.file}"])


def as_document(found: Tuning) -> dict[str, object]:
    """Return the same as JSON's types."""
    return {
        "board": found.key,
        **msgspec.to_builtins(found.setting),
        "tried": [
            {
                "mhz": one.point.mhz,
                "volts": one.point.volts,
                "verdict": one.verdict.value,
                "measured": None if one.measured is None else msgspec.to_builtins(one.measured),
                "reason": one.reason,
            }
            for one in found.results
        ],
        "file": str(found.file),
    }


def _works(backend: AsicBackend) -> bool:
    report = backend.telemetry().board
    return report is not None and report.working


def _port(device: str) -> str:
    port = device.partition(":")[2]
    if port:
        return port
    names = names_here()
    if len(names) > 1:
        raise UsageError(f"several boards are plugged in: say one, as in asic:{names[0]}")
    return names[0]


def _setting(best: Result, backend: AsicBackend, wanted: Wanted) -> BoardSetting:
    measured, kind = best.measured, backend.telemetry().board
    assert measured is not None and kind is not None  # noqa: PT018, S101  it is good, so it was
    return BoardSetting(
        kind=kind.kind,
        goal=wanted.goal.value,
        measured_at=datetime.now(UTC).isoformat(timespec="seconds"),
        mhz=best.point.mhz,
        volts=best.point.volts,
        hashes_per_second=measured.good_rate,
        error_ratio=measured.error_ratio,
        watts=measured.watts,
        celsius=measured.celsius,
    )


def _told(result: Result) -> str:
    return ", ".join(filter(None, (f"{result.point}: {result.verdict.value}", result.reason)))


def _row(result: Result) -> list[str]:
    measured = result.measured
    if measured is None:
        return [str(result.point), result.verdict.value, *("-" for _ in range(5))]
    return [str(result.point), result.verdict.value, *_figures(measured)]


def _figures(measured: Measured) -> tuple[str, ...]:
    joules = measured.joules_per_terahash
    return (
        f"{measured.good_rate * 1e-9:.5g}",
        f"{measured.error_ratio:.2%}",
        "-" if measured.watts is None else table.number(measured.watts, 1),
        "-" if joules is None else f"{joules:.4g}",
        "-" if measured.celsius is None else table.number(measured.celsius, 0),
    )
