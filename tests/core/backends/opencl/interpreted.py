"""Searches a little on the device that Oclgrind is, with a kernel that is right or has a fault.

Run as `oclgrind --data-races --uninitialized python -P interpreted.py`.
"""

import sys

from stampmill.core.backends.opencl import programs
from stampmill.core.backends.opencl.backend import open_device
from stampmill.core.backends.opencl.kernel import OpenClKernel
from stampmill.core.backends.opencl.listing import devices
from stampmill.core.scan import ScanRequest
from stampmill.core.selftest import expected_hits, scan_whole
from stampmill.kernels.opencl.code import Shape, source

ONE, TWO = {1: Shape(4, group=4)}, {1: Shape(1, group=4), 2: Shape(1, 2, 1, group=4)}
FAULTS = {
    "no atomic counter": ("atomic_inc(found)", "(*found)++"),
    "no end of the slots": ("slot < SLOTS", "true"),
    "a slot that is read": ("] = nonce;", "] += nonce;"),
}
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


def main(fault: str = "") -> None:
    if not fault:
        search(ONE, 150, EASY)
        search(TWO, 60, EASY)
        search(ONE, 1100, EVERY_NONCE)  # more hits than slots
        return
    right, wrong = FAULTS[fault]
    programs.source = lambda shape: source(shape).replace(right, wrong)
    kernel = opened(ONE)
    every_nonce = kernel._prepared(bytes(76), (1,), 0xFFFFFFFF)
    kernel._launcher.run(every_nonce, 0, 1099)  # once: what comes of it is wrong


if __name__ == "__main__":
    main(*sys.argv[1:])
