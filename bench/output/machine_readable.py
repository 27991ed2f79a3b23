"""A result in the lines of `hashcat --benchmark --machine-readable`.

    device:mode:core_MHz:mem_MHz:exec_ms:hashes_per_second

A device is a benchmark, named in a comment; what is not known is -1.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from stampmill.bench.host import machine
from stampmill.bench.record import Document

MODE = "sha256d"


def render(record: Document) -> str:
    """Return the lines of all benchmarks that have a rate; raise nothing of those without."""
    return "".join(f"{line}\n" for line in _lines(record))


def _lines(record: Document) -> Iterator[str]:
    rated = [one for one in record["benchmarks"] if _rate(one)]
    yield f"# {machine.describe(record['machine_info'])}"
    for number, benchmark in enumerate(rated, 1):
        yield f"# device {number}: {benchmark['name']}"
    for number, benchmark in enumerate(rated, 1):
        yield _line(number, benchmark)


def _line(number: int, benchmark: Mapping[str, Any]) -> str:
    extra, stats = benchmark["extra_info"], benchmark["stats"]
    megahertz = extra.get("freq_after") or extra.get("freq_before") or -1
    milliseconds = 1000 * stats["median"] * stats.get("iterations", 1)
    return f"{number}:{MODE}:{megahertz:.0f}:-1:{milliseconds:.2f}:{_rate(benchmark):.0f}"


def _rate(benchmark: Mapping[str, Any]) -> float:
    return float(benchmark.get("extra_info", {}).get("hashes_per_second") or 0.0)
