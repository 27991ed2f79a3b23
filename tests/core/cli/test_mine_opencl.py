"""`stampmill mine -d` on an OpenCL device, alone and beside the CPU."""

import pytest

from tests.core.backends.opencl.cards import needs_a_device

LOSSES = ("rejected", "lost", "hardware_errors", "duplicates", "unanswered")


@needs_a_device
@pytest.mark.parametrize("devices", [["opencl"], ["opencl:0", "reference"]], ids=" and ".join)
def test_shares_are_accepted_and_no_work_is_done_twice(stampmill, devices) -> None:
    chosen = [word for device in devices for word in ("-d", device)]
    # A limit that the device cannot keep does not keep it from mining.
    limit = ("--gpu-temp-limit", "80")
    done = stampmill("mine", "--time-limit", "2", "--json", "--threads", "1", *limit, *chosen)
    assert done.code == 0
    assert "opencl:0 is not watched: NVML knows NVIDIA's devices only" in done.err
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


@needs_a_device
def test_a_device_that_is_not_there_is_said_in_a_line(stampmill) -> None:
    done = stampmill("mine", "--time-limit", "1", "-d", "opencl:99")
    assert done.code == 3
    assert "no device opencl:99; there are 0 .. " in done.err


@needs_a_device
def test_without_a_platform_it_is_said_in_a_line(stampmill, tmp_path) -> None:
    nowhere = {"OCL_ICD_VENDORS": f"{tmp_path}/", "OPENCL_VENDOR_PATH": str(tmp_path)}
    done = stampmill("mine", "-d", "opencl", "--time-limit", "1", **nowhere)
    assert done.code == 3
    assert done.error_lines[-1].startswith("stampmill: no OpenCL platform: install your GPU's")
