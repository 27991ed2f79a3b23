from types import SimpleNamespace

from stampmill.core.backends.opencl.nvml import Draw
from stampmill.core.energy.meters.cards import Cards, read_all
from stampmill.core.errors import MissingExtraError, NoDeviceError
from tests.core.backends.opencl.fake_nvml import FakeNvml
from tests.core.backends.opencl.simulated import device

GPU = device(index=0, handle=SimpleNamespace(pci_bus_id_nv=3, pci_slot_id_nv=0))
CPU = device(index=1, is_gpu=False)


def test_what_our_cards_take_is_read_by_label():
    nvml = FakeNvml()
    cards = Cards(lambda: (GPU, CPU), lambda: nvml)
    assert cards.read(["opencl:0", "opencl:1", "opencl:7"]) == {
        "opencl:0": Draw(1000.0, 50.0, 40.0)
    }
    assert cards.troubles == {}
    assert [cards.on_cpu(f"opencl:{index}") for index in (0, 1, 7)] == [False, True, False]
    assert read_all(lambda: nvml) == {"gpu0": (1000.0, 0.0)}


def test_a_card_that_is_lost_is_told_of_and_not_asked_again():
    nvml = FakeNvml()
    cards = Cards(lambda: (GPU,), lambda: nvml)
    cards.read(["opencl:0"])
    nvml.lost = True
    assert cards.read(["opencl:0"]) == {}
    assert cards.troubles == {"opencl:0": "NVML: GPU is lost"}
    nvml.lost = False
    assert cards.read(["opencl:0"]) == {}


def test_without_the_extra_or_a_platform_nothing_is_read():
    def no_module():
        raise MissingExtraError("watching a GPU", "gpu")

    def no_platform():
        raise NoDeviceError("no OpenCL platform")

    cards = Cards(lambda: (GPU,), no_module)
    assert cards.read(["opencl:0"]) == {}
    assert "stampmill[gpu]" in cards.troubles["opencl:0"]
    assert Cards(no_platform, no_module).read(["opencl:0"]) == {}
    assert read_all(no_module) == {}
