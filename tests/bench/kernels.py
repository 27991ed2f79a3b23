"""Kernels that lie, each in its own way, over one that does not."""

from dataclasses import replace

from stampmill.bench import gate
from stampmill.core.backends.reference import ReferenceKernel
from stampmill.core.scan import Hit, ScanResult, ScanStatus


class Blind(ReferenceKernel):
    """Claims to have searched everything at once, and to have found nothing."""

    name = "blind"

    def scan(self, request, cancel):
        return ScanResult(ScanStatus.DONE, (), request.end, 0)


class Forgetful(ReferenceKernel):
    """Loses the hits of one nonce in 512, as a kernel would that drops a lane."""

    name = "forgetful"

    def scan(self, request, cancel):
        result = super().scan(request, cancel)
        kept = tuple(hit for hit in result.hits if hit.nonce % 512 != 511)
        return result._replace(hits=kept)


class Inventive(ReferenceKernel):
    """Reports one nonce too many with every hit."""

    name = "inventive"

    def scan(self, request, cancel):
        result = super().scan(request, cancel)
        return result._replace(hits=tuple(two for hit in result.hits for two in doubled(hit)))


def doubled(hit):
    return hit, Hit(hit.nonce ^ 1, hit.version)


class Cunning(ReferenceKernel):
    """Is right as far as the gate looks, and skips the rest of a range."""

    name = "cunning"

    def scan(self, request, cancel):
        horizon = gate.FIRST_NONCE + gate.GATE_HASHES
        timed = request.prefix == gate.PREFIX and gate.FIRST_NONCE <= request.first < 1 << 30
        if not timed or request.end <= horizon:
            return super().scan(request, cancel)
        if request.first >= horizon:
            return ScanResult(ScanStatus.DONE, (), request.end, 0)
        result = super().scan(replace(request, end=horizon), cancel)
        done = result.status is ScanStatus.DONE
        return result._replace(next_nonce=request.end) if done else result
