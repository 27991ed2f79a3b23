import asyncio

import pytest

from stampmill.core.backends.options import BackendOptions
from stampmill.core.backends.reference import ReferenceKernel, create
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


def test_threads_that_hold_the_interpreter_give_way_to_nobody() -> None:
    async def run() -> list[bool]:
        backend = create(BackendOptions(threads=1, self_test=False))
        await backend.open()
        try:
            return [thread._placement.gives_way for thread in backend._threads]
        finally:
            await backend.close()

    assert asyncio.run(run()) == [False]
