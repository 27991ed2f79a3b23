import pytest

from stampmill.bench import gate
from stampmill.core.backends.reference import ReferenceKernel
from stampmill.core.errors import ExitCode, VerificationError
from stampmill.core.scan import Hit, ScanRequest

from .kernels import Blind, Forgetful, Inventive

EASY = (1 << 248) - 1


def request(nonces=600, versions=1, first=gate.FIRST_NONCE):
    return ScanRequest(gate.PREFIX, gate.versions(versions), first, first + nonces, EASY)


def test_an_honest_kernel_passes():
    gate.check(ReferenceKernel(), (1, 16))


@pytest.mark.parametrize("kernel", [Blind(), Forgetful(), Inventive()])
def test_a_lying_kernel_is_named(kernel):
    with pytest.raises(VerificationError, match=f"kernel {kernel.name} ") as caught:
        gate.check(kernel, (1,))
    assert caught.value.exit_code is ExitCode.VERIFICATION


def test_the_wrong_nonce_and_its_header_are_named():
    hits = [Hit(7, 0x20000000), Hit(9, 0x20002000)]
    with pytest.raises(VerificationError) as caught:
        gate.compare("k", request(), hits[:1], hits)
    header = "00200020" + gate.PREFIX[4:].hex()
    assert str(caught.value) == f"kernel k misses nonce 00000009 of header {header}"


def test_a_nonce_reported_twice_is_an_error():
    hit = Hit(7, 0x20000000)
    with pytest.raises(VerificationError, match="more than once"):
        gate.compare("k", request(), [hit, hit], [hit])


def test_timed_hits_are_checked_by_hashlib():
    wrong = Hit(gate.FIRST_NONCE, 0x20000000)
    with pytest.raises(VerificationError, match="kernel k invents nonce 2ffffff5"):
        gate.check_timed([("k", request(), [wrong])])


def test_a_kernel_that_misses_what_another_found_is_named():
    found = gate.expected_hits(request())
    assert found
    gate.check_timed([("a", request(), found), ("b", request(), found)])
    with pytest.raises(VerificationError, match=f"kernel b misses nonce {found[-1].nonce:08x}"):
        gate.check_timed([("a", request(), found), ("b", request(), found[:-1])])


def test_only_what_both_have_searched_is_compared():
    long, wide = request(nonces=600), request(nonces=64, versions=4)
    gate.check_timed(
        [("long", long, gate.expected_hits(long)), ("wide", wide, gate.expected_hits(wide))]
    )


def test_more_versions_begin_with_the_same():
    assert gate.versions(16)[:4] == gate.versions(4)
    assert len(set(gate.versions(16))) == 16
