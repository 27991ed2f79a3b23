"""Searches a little on the device that Oclgrind is: with right kernels, then with faulty ones.

Run as `oclgrind --data-races --uninitialized python -P interpreted.py`.
"""

import sys

from stampmill.kernels.opencl import code

code.SLOTS = 16  # so few are full soon: an interpreter does a thousand hashes a second

from stampmill.core.backends.opencl import programs  # noqa: E402  after the slots
from stampmill.core.backends.opencl.backend import open_device  # noqa: E402
from stampmill.core.backends.opencl.kernel import OpenClKernel  # noqa: E402
from stampmill.core.backends.opencl.listing import devices  # noqa: E402
from stampmill.core.scan import ScanRequest  # noqa: E402
from stampmill.core.selftest import expected_hits, scan_whole  # noqa: E402
from stampmill.kernels.opencl.code import Shape, source  # noqa: E402

ONE = {1: Shape(4, group=4), 2: Shape(4, 2, group=4, one_by_one=True)}
TWO = {1: Shape(1, group=4), 2: Shape(1, 2, 1, group=4)}
FAULTS = {
    "no atomic counter": ("atomic_inc(found)", "(*found)++"),
    "no end of the slots": ("slot < SLOTS", "true"),
    "a slot that is read": ("] = nonce;", "] += nonce;"),
}
MARK = "-- "
"""In front of a fault's name, on a line of its own: what follows is said of it."""
EASY = 1 << 253
EVERY_NONCE = (1 << 256) - 1


def opened(shapes: dict[int, Shape]) -> OpenClKernel:
    (info,) = [each for each in devices() if each.platform == "Oclgrind"]
    return open_device(info, seconds=1.0, shapes=shapes)()


def search(shapes: dict[int, Shape], count: int, target: int) -> None:
    kernel = opened(shapes)
    versions = (1, 2)[: max(shapes)]
    request = ScanRequest(bytes(range(76)), versions, 5, 5 + count, target, max_hits=1024)
    assert scan_whole(kernel, request) == expected_hits(request)


def search_right() -> None:
    search(ONE, 30, EASY)
    search(TWO, 20, EASY)
    search(ONE, 20, EVERY_NONCE)  # more hits than slots


def search_wrong(right: str, wrong: str) -> None:
    programs.source = lambda shape: source(shape).replace(right, wrong)
    kernel = opened(ONE)
    every_nonce = kernel._prepared(bytes(76), (1,), 0xFFFFFFFF)
    kernel._launcher.run(every_nonce, 0, 39)  # once: what comes of it is wrong


def main() -> None:
    search_right()
    for fault, (right, wrong) in FAULTS.items():
        print(f"{MARK}{fault}", file=sys.stderr, flush=True)
        search_wrong(right, wrong)


if __name__ == "__main__":
    main()
