"""The proof of a kernel lets right ones pass and names what a wrong one does."""

from dataclasses import dataclass
from typing import Any

import pytest

from stampmill.core.backends.reference import ReferenceKernel
from stampmill.core.errors import VerificationError
from stampmill.core.scan import CancelWord, Hit, Kernel, ScanRequest, ScanResult, ScanStatus
from stampmill.core.selftest import prove


@dataclass
class Wrong:
    """The reference kernel with one thing done wrong."""

    fault: str
    name: str = "wrong"
    description: str = "a kernel that lies"
    lanes: int = 1
    max_versions: int = 16

    def scan(self, request: ScanRequest, cancel: CancelWord) -> ScanResult:
        result = ReferenceKernel().scan(request, cancel)
        return getattr(self, self.fault)(request, result)

    def forgets_the_last_nonce(self, request: ScanRequest, result: ScanResult) -> ScanResult:
        kept = tuple(hit for hit in result.hits if hit.nonce != request.end - 1)
        return result._replace(hits=kept)

    def invents_a_nonce(self, request: ScanRequest, result: ScanResult) -> ScanResult:
        if request.target:
            return result
        return result._replace(hits=(*result.hits, Hit(request.first, request.versions[0])))

    def reports_twice(self, _request: ScanRequest, result: ScanResult) -> ScanResult:
        return result._replace(hits=result.hits * 2)

    def stands_still(self, request: ScanRequest, result: ScanResult) -> ScanResult:
        place = {"next_nonce": request.first, "next_version": request.first_version}
        return result._replace(status=ScanStatus.HIT, **place)


class OneVersion(ReferenceKernel):
    """A kernel that takes one version at a time."""

    @property
    def max_versions(self) -> int:
        return 1

    def scan(self, request: ScanRequest, cancel: CancelWord) -> ScanResult:
        assert len(request.versions) == 1
        return super().scan(request, cancel)


def test_a_right_kernel_passes_every_check() -> None:
    assert prove(ReferenceKernel()) > 40


def test_a_kernel_is_asked_for_no_more_versions_than_it_takes() -> None:
    assert prove(OneVersion()) > 40


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        ("forgets_the_last_nonce", "misses nonce"),
        ("invents_a_nonce", "invents nonce"),
        ("reports_twice", "twice or out of order"),
        ("stands_still", "does not get past nonce"),
    ],
)
def test_a_wrong_kernel_is_named_with_its_fault(fault: str, text: str) -> None:
    kernel: Any = Wrong(fault)
    with pytest.raises(VerificationError, match=f"kernel wrong .*{text}|kernel wrong {text}"):
        prove(kernel)


def test_a_kernel_that_finds_nothing_misses_a_known_block() -> None:
    class Blind(ReferenceKernel):
        def scan(self, request: ScanRequest, cancel: CancelWord) -> ScanResult:
            return super().scan(request, cancel)._replace(hits=())

    kernel: Kernel = Blind()
    with pytest.raises(VerificationError, match="mainnet genesis"):
        prove(kernel)
