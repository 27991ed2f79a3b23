"""Every kernel that there is: those that run here, and why the others do not."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from stampmill.core import native
from stampmill.core.backends.numba_cpu import load_kernel
from stampmill.core.backends.reference import ReferenceKernel
from stampmill.core.errors import NoDeviceError, UsageError
from stampmill.core.scan import Kernel


@dataclass(frozen=True, slots=True)
class Entry:
    """A kernel by name; `load` compiles and tests it, and may raise NoDeviceError."""

    name: str
    load: Callable[[], Kernel]


def entries() -> list[Entry]:
    """Return all kernels in the order in which they are compared: the first is the measure."""
    return [*_native(), Entry("numba", load_kernel), Entry("reference", ReferenceKernel)]


def load(
    names: Sequence[str] = (), *, skipped: Callable[[str], None] = lambda _line: None
) -> list[Kernel]:
    """Return the kernels of these names in that order, or all that run here.

    Raise UsageError for a name that does not exist and NoDeviceError for one that does not run
    here; of all, what does not run is only reported to `skipped`.
    """
    known = {entry.name: entry for entry in entries()}
    for name in names:
        if name not in known:
            raise UsageError(f"no kernel '{name}'; known are {', '.join(known)}")
    if names:
        return [known[name].load() for name in names]
    return list(_those_that_run(known.values(), skipped))


def _those_that_run(
    candidates: Iterable[Entry], skipped: Callable[[str], None]
) -> Iterator[Kernel]:
    for entry in candidates:
        try:
            yield entry.load()
        except NoDeviceError as error:
            skipped(f"{entry.name} is left out: {error}")


def _native() -> list[Entry]:
    if not native.available():
        return [Entry("native", native.select)]
    return [Entry(info.name, _selecting(info.name)) for info in native.kernels()]


def _selecting(name: str) -> Callable[[], Kernel]:
    return lambda: native.select(name)
