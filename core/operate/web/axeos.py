"""The JSON of AxeOS, as bitaxeorg/ESP-Miner's openapi.yaml has it, for monitors that know it.

GH/s, W, mV, MHz, degrees Celsius, rpm, seconds.
"""

import math
import socket
import uuid
from typing import Any

from stampmill.core.operate import figures
from stampmill.core.snapshot import Quantity, Snapshot

Json = dict[str, Any]

MARK = "<!-- AxeOS-compatible API: /api/system/info -->"
"""What readers look for in the page at / before they ask for more."""


def system_info(shot: Snapshot, version: str) -> Json:
    """Return the object of /api/system/info.

    Readers make the expected rate out of cores, chips and MHz, so the three must fit it.
    """
    rate, chips = figures.expected_rate(shot), _chips(shot)
    host, port = figures.host_and_port(shot.source.url)
    # A device without a clock that we know is one core at so many hashes a second.
    mhz = _first(shot, Quantity.FREQUENCY) / 1e6 or rate / chips / 1e6
    return {
        "power": _power(shot),
        "voltage": 1000 * _first(shot, Quantity.VOLTAGE),
        "temp": max(map(figures.temperature, shot.devices), default=0.0),
        "vrTemp": 0.0,
        "hashRate": shot.rates.seconds_5 / 1e9,
        "hashRate_1m": shot.rates.minute_1 / 1e9,
        "expectedHashrate": rate / 1e9,
        "errorPercentage": figures.hardware_percent(
            shot.hardware_errors, sum(device.shares.nonces for device in shot.devices)
        ),
        "bestDiff": shot.best_difficulty,
        "bestSessionDiff": shot.best_difficulty,
        "poolDifficulty": _finite(shot.job_difficulty),
        "networkDifficulty": _finite(shot.network_difficulty),
        "blockHeight": shot.job.height or 0 if shot.job else 0,
        "blockFound": shot.blocks,
        "isUsingFallbackStratum": int(shot.source.rank > 0),
        "miningPaused": bool(shot.paused),
        "sharesAccepted": shot.accepted,
        "sharesRejected": shot.rejected,
        "sharesRejectedReasons": [
            {"message": reason, "count": count} for reason, count in shot.reject_reasons
        ],
        "uptimeSeconds": int(shot.seconds),
        "frequency": mhz,
        "smallCoreCount": max(1, round(rate / chips / (mhz * 1e6))) if mhz else 1,
        "asicCount": chips,
        "ASICModel": model(shot),
        "stratumURL": host,
        "stratumPort": port,
        "stratumUser": shot.source.user,
        "hostname": socket.gethostname(),
        "macAddr": _mac(),
        "version": version,
        "axeOSVersion": version,
        "boardVersion": "stampmill",
        "autofanspeed": 0,
        "fanspeed": 0,
        "fanrpm": _first(shot, Quantity.FAN),
    }


def asic(shot: Snapshot) -> Json:
    """Return the object of /api/system/asic."""
    return {
        "ASICModel": model(shot),
        "deviceModel": "stampmill",
        "asicCount": _chips(shot),
        "swarmColor": "gray",
    }


def model(shot: Snapshot) -> str:
    """Return what hashes here: no chip that it is not."""
    return f"{shot.kernel or 'none'} x{sum(device.enabled for device in shot.devices)}"


def _chips(shot: Snapshot) -> int:
    """Return how many chips there are; a device that is no board counts as one."""
    each = (len(device.board.chips) if device.board else 1 for device in shot.devices)
    return max(1, sum(each))


def _power(shot: Snapshot) -> float:
    """Return what is drawn in all, as far as meters or boards tell."""
    if shot.energy is not None and shot.energy.watts is not None:
        return shot.energy.watts
    return sum(sum(figures.readings(device, Quantity.POWER)) for device in shot.devices)


def _first(shot: Snapshot, quantity: Quantity) -> float:
    return next(
        (value for device in shot.devices for value in figures.readings(device, quantity)), 0.0
    )


def _finite(value: float | None) -> float:
    return value if value is not None and math.isfinite(value) else 0.0


def _mac() -> str:
    """Return this machine's address as far as Python can tell: readers key devices by it."""
    return ":".join(f"{byte:02X}" for byte in uuid.getnode().to_bytes(6, "big"))
