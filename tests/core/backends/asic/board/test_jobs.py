import struct

import pytest

from stampmill.core import native
from stampmill.core.backends.asic.board.jobs import midstates_of
from stampmill.core.chain.sha256d import midstate
from stampmill.core.versions import RolledVersions
from tests.core.fakes import make_job, make_work


@pytest.mark.skipif(not native.available(), reason=native.why_unavailable() or "built")
def test_midstates_are_those_of_the_reference_for_each_version() -> None:
    versions = RolledVersions(0x20000000, (1 << 13, 1 << 14), range(4))
    work = make_work(make_job(version_mask=0x6000), versions=versions)
    blocks = [work.header(version=version).to_bytes()[:64] for version in versions]
    assert midstates_of(work) == tuple(struct.pack(">8I", *midstate(block)) for block in blocks)
    assert len(set(midstates_of(work))) == 4
