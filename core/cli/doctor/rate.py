"""Measures whether all threads together do what one alone promises."""

from dataclasses import replace

from stampmill.core.backends import registry
from stampmill.core.backends.placement import usable_cpus
from stampmill.core.backends.registry import Choice
from stampmill.core.cli import report
from stampmill.core.cli.doctor.finding import Finding, bad, doubtful, well
from stampmill.core.errors import StampmillError
from stampmill.core.job_source import FixedJobSource
from stampmill.core.miner import Miner

SECONDS = 1.0
"""Enough for a figure good to some per cent."""
LOW = 0.6
"""Two threads of one core share its units and make this much; less has another cause."""


async def measure(choice: Choice, seconds: float = SECONDS) -> Finding:
    """Return how the rate of all threads compares with one's."""
    threads = choice.options.threads or len(usable_cpus())
    try:
        alone = await _rate(choice, 1, seconds)
        together = await _rate(choice, threads, seconds)
    except StampmillError as error:
        return bad("rate", str(error), "see `stampmill devices` for what can mine here")
    return judge(alone, together, threads)


def judge(alone: float, together: float, threads: int) -> Finding:
    """Compare: `alone` is one thread's rate, `together` that of so many."""
    text = (
        f"{report.hashrate(together)} with {report.plural(threads, 'thread')}, "
        f"{report.hashrate(alone)} with one"
    )
    if together < LOW * alone * threads:
        cure = "look for other busy processes, a power or temperature limit, or a container's quota"
        return doubtful("rate", text, cure)
    return well("rate", text)


async def _rate(choice: Choice, threads: int, seconds: float) -> float:
    options = replace(choice.options, threads=threads)
    miner = Miner(FixedJobSource(), [registry.create(choice.name, options)])
    await miner.run(seconds)
    return miner.snapshot().rates.average
