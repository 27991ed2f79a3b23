import os
import re
import sys
from typing import Any

import pytest

from stampmill.core.backends.opencl import listing
from stampmill.core.backends.opencl.backend import describe, indices
from stampmill.core.errors import MissingExtraError, NoDeviceError, StampmillError, UsageError

from .simulated import Platform, card, driver_with


@pytest.fixture
def present(monkeypatch):
    def install(*platforms):
        monkeypatch.setattr(listing, "driver", lambda: driver_with(*platforms))

    return install


def test_without_pyopencl_the_extra_is_named(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "pyopencl", None)
    with pytest.raises(MissingExtraError, match="the OpenCL backend needs the extra 'opencl'"):
        listing.devices()
    assert "stampmill[opencl]" in describe().why_not


def test_without_a_platform_the_cure_is_named(present) -> None:
    present()
    with pytest.raises(NoDeviceError, match="no OpenCL platform: install your GPU's OpenCL driver"):
        listing.devices()
    assert "no OpenCL platform" in describe().why_not


def test_a_platform_may_have_no_device(present) -> None:
    present(Platform("Rusticl"))
    with pytest.raises(NoDeviceError, match="no OpenCL device on Rusticl: install"):
        listing.devices()


@pytest.mark.parametrize(
    ("lack", "text"),
    [
        ({"available": False}, "its driver says that it is not available"),
        ({"compiler_available": False}, "its driver has no compiler"),
        ({"max_work_group_size": 1}, "takes work-groups of 1, not of 8"),
        ({"global_mem_size": 1000}, "has 1000 bytes of memory, 1048576 are needed"),
    ],
)
def test_says_why_a_device_cannot_be_used(present, lack, text: str) -> None:
    present(Platform("A", card("poor", **lack)))
    (info,) = listing.devices()
    assert info.why_not == text
    for wanted in ((), (0,)):
        with pytest.raises(NoDeviceError, match=re.escape(f"opencl:0 poor: {text}")):
            listing.choose([info], wanted)


def test_a_card_under_two_platforms_is_counted_once(present) -> None:
    by_address = {"pci_bus_id_nv": 3, "pci_slot_id_nv": 0}
    present(
        Platform(
            "NVIDIA", card("RTX", **by_address), card("RTX", pci_bus_id_nv=4, pci_slot_id_nv=0)
        ),
        Platform("Clover", card("RTX (nouveau)", **by_address)),
        Platform("Other", card("Arc")),
        Platform("Another", card("Arc")),
    )
    found = listing.devices()
    assert [info.same_as for info in found] == [None, None, 0, None, 3]
    assert [info.index for info in listing.choose(found)] == [0, 1, 3]
    with pytest.raises(UsageError, match="opencl:0 and opencl:2 are one card"):
        listing.choose(found, (0, 2))
    assert [info.index for info in listing.choose(found, (2,))] == [2]


def test_a_cpu_is_taken_only_where_there_is_no_gpu(present) -> None:
    present(Platform("PoCL", card("cpu", 2)), Platform("Intel", card("the cpu", 2)))
    found = listing.devices()
    assert found[1].same_as == 0
    assert [info.index for info in listing.choose(found)] == [0]
    present(Platform("PoCL", card("cpu", 2)), Platform("NVIDIA", card("RTX")))
    assert [info.index for info in listing.choose(listing.devices())] == [1]


def test_an_index_that_is_not_there_names_the_range(present) -> None:
    present(Platform("A", card("x"), card("y")))
    with pytest.raises(NoDeviceError, match=re.escape("no device opencl:7; there are 0 .. 1")):
        listing.choose(listing.devices(), (7,))


def test_devices_are_named_by_their_index() -> None:
    assert indices("opencl") == ()
    assert indices("opencl:0") == (0,)
    assert indices("opencl:3,1") == (3, 1)
    for name in ("opencl:", "opencl:x", "opencl:-1", "opencl:1,"):
        with pytest.raises(StampmillError, match="write opencl:0, or opencl:0,1"):
            indices(name)


class Looking(Platform):
    """Notes the policy of the thread that asks for its devices."""

    def get_devices(self) -> list[Any]:
        self.policy = os.sched_getscheduler(0)
        return super().get_devices()


@pytest.mark.skipif(not hasattr(os, "SCHED_IDLE"), reason="no SCHED_IDLE on this system")
@pytest.mark.parametrize(
    ("name", "gives_way", "policy"),
    [
        (listing.POCL, True, "SCHED_IDLE"),
        (listing.POCL, False, "SCHED_OTHER"),
        ("NVIDIA CUDA", True, "SCHED_OTHER"),
    ],
)
def test_threads_that_pocl_starts_give_way_and_no_gpu_drivers_do(
    name: str, gives_way: bool, policy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform = Looking(name, card("card"))
    monkeypatch.setattr(listing, "driver", lambda: driver_with(platform))
    assert len(listing.devices(gives_way=gives_way)) == 1
    assert platform.policy == getattr(os, policy)
    assert os.sched_getscheduler(0) == os.SCHED_OTHER, "who asks does not"
