"""The kernel contract on every C kernel of this build that this CPU can run."""

import pytest

from stampmill.core import native
from stampmill.core.scan import Kernel

from .kernel_contract import KernelContract


@pytest.mark.skipif(not native.available(), reason=native.why_unavailable() or "built")
@pytest.mark.parametrize("info", native.kernels(), ids=lambda info: info.name)
class TestNativeKernels(KernelContract):
    @pytest.fixture
    def kernel(self, info: native.KernelInfo) -> Kernel:
        if not info.supported:
            pytest.skip(info.why_not)
        return native.select(info.name)
