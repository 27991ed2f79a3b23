import pytest

from stampmill.bench.pipeline import windows
from stampmill.bench.pipeline.windows import Window
from stampmill.core.backends.options import CpuPriority
from stampmill.core.backends.placement import usable_cpus
from stampmill.core.backends.reference import ReferenceKernel


def test_a_rate_leaves_out_what_others_took():
    window = Window(threads=2, hashes=1000, seconds=4.0, kernel_seconds=2.9, waited=1.0)
    assert window.clock_rate == 500.0
    assert window.rate == pytest.approx(1000 * 2 / 3.0)
    assert window.kernel_share == pytest.approx(2.9 / 3.0)


def test_what_the_threads_wait_for_our_own_loop_is_our_cost():
    window = Window(2, 1000, seconds=4.0, kernel_seconds=3.0, waited=0.2, loop_share=0.1)
    assert window.rate == window.clock_rate  # 0.1 of two seconds, twice: all of what was waited


def test_the_miner_and_the_bare_kernel_really_hash():
    kernel = ReferenceKernel()
    miner = windows.of_miner(kernel, 0.2, 0, CpuPriority.NORMAL)
    bare = windows.of_bare_kernel(kernel, 0.2, CpuPriority.NORMAL)
    assert miner.threads == bare.threads == len(usable_cpus())
    assert miner.hashes > 0
    assert bare.hashes > 0
    assert 0.1 * miner.threads < miner.seconds < 10
    assert 0 < miner.loop_share < 1
    assert bare.loop_share == 0
    assert miner.kernel_share <= 1.05
    assert bare.kernel_share <= 1.05
