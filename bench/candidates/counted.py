"""A process of one scan, for valgrind to count: little else is imported, since all is counted."""

from importlib import import_module

from stampmill.bench import timing
from stampmill.bench.candidates.spec import Kind, Spec, parse
from stampmill.bench.processes.children import Result, Settings
from stampmill.core import native
from stampmill.core.scan import Kernel
from stampmill.core.selftest import scan_whole


def child(settings: Settings) -> Result:
    """Search so many nonces under so many versions, once."""
    kernel = _kernel(parse(settings["kernel"]))
    hits = scan_whole(kernel, timing.request(settings["versions"], settings["nonces"]))
    return {"hits": hits}


def _kernel(spec: Spec) -> Kernel:
    if spec.kind is Kind.LIBRARY:
        return native.load(spec.target)
    if spec.target in {info.name for info in native.kernels({})}:
        return native.select(spec.target)
    kernel: Kernel = import_module("stampmill.bench.candidates.load").load(spec).kernel
    return kernel
