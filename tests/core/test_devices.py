"""What is known of devices, as a snapshot shows it."""

from stampmill.core.devices import Devices
from stampmill.core.snapshot import Shares

from .fakes import MemoryBackend


def test_a_device_that_its_backend_lets_rest_is_held() -> None:
    backend, devices = MemoryBackend(), Devices()
    devices.count(backend, {"a": 1, "b": 1})

    def held() -> list[bool]:
        shots = devices.snapshots(1.0, lambda _key: Shares(), frozenset(), frozenset())
        return [device.held for device in shots]

    devices.rest(backend, {"b"})
    assert held() == [False, True]
    devices.rest(backend, frozenset())
    assert held() == [False, False]
