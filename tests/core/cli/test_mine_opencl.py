"""`stampmill mine -d` on an OpenCL device, alone and beside the CPU."""

import pytest

from tests.core.backends.opencl.cards import needs_a_device

LOSSES = ("rejected", "lost", "hardware_errors", "duplicates", "unanswered")


@needs_a_device
@pytest.mark.parametrize("devices", [["opencl"], ["opencl:0", "reference"]], ids=" and ".join)
def test_shares_are_accepted_and_no_work_is_done_twice(stampmill, devices) -> None:
    chosen = [word for device in devices for word in ("-d", device)]
    done = stampmill("mine", "--time-limit", "4", "--json", "--threads", "1", *chosen)
    assert done.code == 0
    report = done.json
    assert report["accepted"] > 0
    assert {device["backend"] for device in report["devices"]} == {
        device.partition(":")[0] for device in devices
    }
    assert all(device["hashes"] > 0 for device in report["devices"])
    for nothing in LOSSES:
        assert report[nothing] == 0, nothing


@needs_a_device
def test_devices_lists_the_card(stampmill) -> None:
    (backend,) = [
        each for each in stampmill("devices", "--json").json["backends"] if each["name"] == "opencl"
    ]
    assert backend["kernels"][0]["name"] == "opencl:0"


@pytest.mark.parametrize(
    ("said", "code", "text"),
    [
        (("-d", "opencl:99"), 3, "no device opencl:99; there are 0 .. "),
        (("-d", "opencl", "--intensity", "5000"), 2, "intensity: 5000 is not 1 .. 1000 ms"),
        (("-d", "abacus"), 3, "no backend 'abacus'"),
        (("-d", "opencl", "--backend", "cpu"), 2, "device and backend: say one of them"),
    ],
)
@needs_a_device
def test_what_is_not_there_is_said_in_a_line(stampmill, said, code: int, text: str) -> None:
    done = stampmill("mine", "--time-limit", "1", *said)
    assert done.code == code
    assert text in done.err
