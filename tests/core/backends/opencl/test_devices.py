"""What is asked of every kernel, of each OpenCL device here in several shapes."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import pytest

from stampmill.core import selftest
from stampmill.core.backends.opencl.backend import open_device
from stampmill.core.backends.opencl.kernel import FIRST_LAUNCH
from stampmill.core.backends.opencl.listing import DeviceInfo
from stampmill.core.backends.opencl.shapes import shapes_of
from stampmill.core.scan import MAX_VERSIONS, CancelWord, Kernel, ScanRequest, ScanStatus
from stampmill.kernels.opencl.code import Shape
from tests.core.kernel_contract import KernelContract, oracle, random_header, walk

from .cards import needs_a_device, usable

pytestmark = needs_a_device

ONE = Shape(16, group=8, one_by_one=True)
"""Among PoCL's own, and so compiled already."""
SHAPES = {
    "own": (),
    "4 versions at once, 2 second hashes": (ONE, Shape(16, 4, 2, group=1)),
}
COMBINATIONS = [(info.index, name) for info in usable() for name in SHAPES]
MORE_SHAPES = [
    Shape(8, 3, group=8, one_by_one=True),
    Shape(4, 2, 1, group=8),
    Shape(2, group=16),
    Shape(16, unroll=2, group=8),
]
"""PoCL compiles these in seconds; of width 1 it makes vectors, which takes it up to a minute."""


@pytest.fixture(autouse=True, scope="module")
def cache_folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@cache
def opened(index: int, shapes: tuple[Shape, ...]) -> Kernel:
    device = next(info for info in usable() if info.index == index)
    by_versions = {shape.versions: shape for shape in shapes} or shapes_of(device)
    return open_device(device, seconds=0.01, shapes=by_versions)()


class TestOpenClKernel(KernelContract):
    budget = 1 << 14

    @pytest.fixture(params=COMBINATIONS, ids=str)
    def kernel(self, request: pytest.FixtureRequest) -> Kernel:
        index, shapes = request.param
        return opened(index, SHAPES[shapes])


each_device = pytest.mark.parametrize("info", usable(), ids=lambda info: info.label)


@each_device
@pytest.mark.parametrize("shape", MORE_SHAPES, ids=str)
def test_every_shape_reports_every_hit(info: DeviceInfo, shape: Shape) -> None:
    kernel = opened(info.index, (ONE, shape))
    versions = tuple(0x20000000 + (i << 13) for i in range(MAX_VERSIONS - 1))
    for target, count in ((1 << 255, 200), ((1 << 244) - 1, 2000), (0, 100)):
        request = ScanRequest(random_header(count), versions, 77, 77 + count, target)
        assert walk(kernel, request) == oracle(request)


@each_device
def test_threads_share_a_device(info: DeviceInfo) -> None:
    kernels = [opened(info.index, ()), open_device(info, seconds=0.01)()]
    requests = [
        ScanRequest(random_header(n), (1, n), n * 1000, n * 1000 + 3000, 1 << 250) for n in (0, 1)
    ]

    def scan(index: int) -> object:
        return [selftest.scan_whole(kernels[index], requests[index]) for _ in range(5)][-1]

    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(scan, (0, 1)))
    assert found == [selftest.expected_hits(each) for each in requests]


@each_device
def test_a_long_scan_is_launched_in_pieces_and_can_be_cancelled(info: DeviceInfo) -> None:
    kernel = opened(info.index, ())
    cancel = CancelWord()
    timer = threading.Timer(0.3, cancel.set)
    timer.start()
    result = kernel.scan(ScanRequest(bytes(76), (1,), 0, 1 << 32, 0), cancel)
    assert result.status is ScanStatus.CANCELLED
    assert 0 < result.next_nonce < 1 << 32
    assert kernel.lanes > FIRST_LAUNCH, "launches grow to the time they are to take"
