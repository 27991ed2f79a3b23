import pytest

from stampmill.core.backends.reference import ReferenceKernel
from stampmill.core.scan import CancelWord, Kernel, ScanRequest, ScanStatus
from tests.core.kernel_contract import KernelContract

PREFIX = bytes(range(76))


class CancelAfter(CancelWord):
    """Is set once it has been looked at so often."""

    def __init__(self, looks: int) -> None:
        super().__init__()
        self.looks = looks

    def is_set(self) -> bool:
        self.looks -= 1
        return self.looks < 0


class TestReferenceKernel(KernelContract):
    budget = 1 << 12

    @pytest.fixture
    def kernel(self) -> Kernel:
        return ReferenceKernel()


def test_looks_at_the_cancel_word_every_few_dozen_hashes() -> None:
    for versions in ((1,), tuple(range(16))):
        request = ScanRequest(PREFIX, versions, 0, 10_000, 0)
        result = ReferenceKernel().scan(request, CancelAfter(10))
        assert result.status is ScanStatus.CANCELLED
        assert result.next_nonce * len(versions) == 320
