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


def system_info(shot: Snapshot, version: str, expected: float | None = None) -> Json:
    """Return the object of /api/system/info.

    Readers make the expected rate out of cores, chips and MHz, so the three must fit it.
    """
    rate = expected if expected is not None else _expected(shot)
    host, port = figures.host_and_port(shot.source.url)
    mhz = _first(shot, Quantity.FREQUENCY) / 1e6 or 1000.0
    return {
        "power": _total(shot, Quantity.POWER),
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
        "smallCoreCount": max(1, round(rate / (mhz * 1e6) / max(1, len(shot.devices)))),
        "asicCount": max(1, len(shot.devices)),
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
        "asicCount": max(1, len(shot.devices)),
        "swarmColor": "gray",
    }


def model(shot: Snapshot) -> str:
    """Return what hashes here: no chip that it is not."""
    return f"{shot.kernel or 'none'} x{len(shot.devices)}"


def _expected(shot: Snapshot) -> float:
    """Return what boards should do, and what the other devices have shown that they can."""
    return sum(
        device.board.expected
        if device.board
        else max(device.rates.minutes_15, device.rates.average)
        for device in shot.devices
    )


def _total(shot: Snapshot, quantity: Quantity) -> float:
    return sum(sum(figures.readings(device, quantity)) for device in shot.devices)


def _first(shot: Snapshot, quantity: Quantity) -> float:
    return next(
        (value for device in shot.devices for value in figures.readings(device, quantity)), 0.0
    )


def _finite(value: float | None) -> float:
    return value if value is not None and math.isfinite(value) else 0.0


def _mac() -> str:
    """Return this machine's address as far as Python can tell: readers key devices by it."""
    return ":".join(f"{byte:02X}" for byte in uuid.getnode().to_bytes(6, "big"))
