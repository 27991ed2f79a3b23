import pytest

from stampmill.core.backends.asic.control.replies import Variant, detect_variant
from stampmill.core.backends.asic.control.requests import GpioGet, encode_request
from stampmill.core.emulator.boards.kinds import BoardOptions, build


@pytest.mark.parametrize("kind", ["bitaxe-gamma", "emberone"])
@pytest.mark.parametrize("variant", Variant)
def test_a_bridge_answers_as_the_firmware_that_was_asked_for(kind: str, variant: Variant) -> None:
    control = build(BoardOptions(kind, variant=variant)).ports[1].emulation
    control.host_wrote(encode_request(7, GpioGet(0)), 1.0, 115_200)
    answer = b"".join(control.poll(1.1, 115_200))
    assert detect_variant(7, answer) is variant
