"""Finds a miner by its address with pyasic and pyasic-rs, and prints what each of them reads."""

import asyncio
import json
import os
import sys
import warnings
from typing import Any


async def main(address: str) -> None:
    print(json.dumps({"pyasic": await _pyasic(address), "pyasic_rs": await _pyasic_rs(address)}))


async def _pyasic(address: str) -> dict[str, Any] | None:
    import pyasic  # noqa: PLC0415

    miner = await pyasic.get_miner(address)
    if miner is None:
        return None
    data, config = await miner.get_data(), await miner.get_config()
    pool = config.pools.groups[0].pools[0]
    return {
        "hashrate": _per_second(data.hashrate),
        "expected": _per_second(data.expected_hashrate),
        "uptime": data.uptime,
        "temperature": data.temperature_avg,
        "pool": pool.url,
        "user": pool.user,
    }


def _per_second(rate: Any) -> float:
    return float(rate.rate) * float(rate.unit.value)


async def _pyasic_rs(address: str) -> dict[str, Any] | None:
    from pyasic_rs import MinerFactory  # noqa: PLC0415

    miner = await MinerFactory().get_miner(address)
    if miner is None:
        return None
    data = await miner.get_data()
    pool = data.pools[0].pools[0]
    return {
        "hashrate": data.hashrate.value * 1e12,
        "expected": data.expected_hashrate.value * 1e12,
        "uptime": data.uptime.total_seconds(),
        "temperature": data.average_temperature,
        "pool": str(pool.url),
        "user": pool.user,
        "accepted": pool.accepted_shares,
    }


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # pyasic asks to be told of models that it does not know
    asyncio.run(main(sys.argv[1]))
    sys.stdout.flush()
    os._exit(0)  # pyasic-rs 0.8.6 sometimes aborts while Python takes itself down
