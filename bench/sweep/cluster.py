"""A sweep over the hosts of a Dask cluster: each sweeps on its own, and is kept apart.

A host measures one point at a time, however many workers it has: they would disturb each other.
"""

import importlib
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from stampmill.bench.candidates.contest import Plan
from stampmill.bench.sweep import build, run
from stampmill.bench.sweep.grid import Point
from stampmill.bench.sweep.run import Result
from stampmill.core.errors import MissingExtraError, StampmillError

CONNECT_SECONDS = 10.0


def sweep(
    address: str,
    kernel: str,
    points: Sequence[Point],
    file: Path,
    plan: Plan,
    *,
    progress: Callable[[int, int, str], None] = lambda _done, _all, _line: None,
) -> list[Result]:
    """Measure on each host what the file does not have of it; return all, best first.

    Raise MissingExtraError without Dask's distributed, StampmillError without a cluster or host.
    """
    build.row(kernel)
    known = {run.key(one): one for one in run.read(file)}
    blank = [run.empty(kernel, point) for point in points]
    with _client(address) as client:
        workers = _hosts(client)
        wanted = [msgspec.structs.replace(one, host=host) for host in workers for one in blank]
        rest = [one for one in wanted if run.key(one) not in known]
        done = len(wanted) - len(rest)
        progress(done, len(wanted), f"on {len(workers)} hosts")
        for count, result in enumerate(_results(client, workers, rest, plan), done + 1):
            known[run.key(result)] = result
            run.append(file, result)
            progress(count, len(wanted), f"{result.host}: {run.named(result.point)}")
    return sorted((known[run.key(one)] for one in wanted), key=lambda one: -one.ratio)


def measure(wanted: bytes, plan: Plan) -> bytes:
    """Measure one point on whichever host this runs; results travel as JSON."""
    with tempfile.TemporaryDirectory() as folder:
        point = msgspec.json.decode(wanted, type=Result)
        return msgspec.json.encode(run.measured(point, plan, Path(folder)))


def _results(
    client: Any, workers: Mapping[str, str], rest: Sequence[Result], plan: Plan
) -> Iterator[Result]:
    """Yield results as they come; a host gets its next point when it has done one."""
    distributed = importlib.import_module("distributed")
    waiting = {host: iter([one for one in rest if one.host == host]) for host in workers}

    def begin(host: str) -> list[Any]:
        one = next(waiting[host], None)
        if one is None:
            return []
        where = [workers[host]]
        return [client.submit(measure, msgspec.json.encode(one), plan, workers=where, pure=False)]

    first = [future for host in workers for future in begin(host)]
    running = distributed.as_completed(first, loop=client.loop)
    for future in running:
        result = msgspec.json.decode(future.result(), type=Result)
        yield result
        for following in begin(result.host):
            running.add(following)


def _hosts(client: Any) -> dict[str, str]:
    """Return each host with one of its workers; raise StampmillError if there is none."""
    workers = client.scheduler_info(n_workers=-1)["workers"]
    hosts = {facts["host"]: worker for worker, facts in workers.items()}
    if not hosts:
        raise StampmillError("the cluster has no workers: start some with `dask worker ADDRESS`")
    return hosts


def _client(address: str) -> Any:
    try:
        distributed = importlib.import_module("distributed")
    except ModuleNotFoundError as error:
        raise MissingExtraError("a sweep over a cluster", "cluster") from error
    try:
        return distributed.Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise StampmillError(f"no Dask cluster at {address}: {error}") from error
