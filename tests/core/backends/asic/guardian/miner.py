"""A miner to be killed: brings a board up through a guardian, says how far it is, and goes on.

Arguments: port, profile, and the stage at which it is ready to be killed ("hashing": all done).
"""

import asyncio
import sys

from stampmill.core.backends.asic.guardian.client import GuardianClient
from stampmill.core.backends.asic.guardian.messages import Report, Stage


async def main(port: str, profile: str) -> None:
    def say(report: Report) -> None:
        if isinstance(report, Stage):
            print(report.name, flush=True)

    client = await GuardianClient.start(port, profile, say)
    print(f"guardian {client.pid}", flush=True)
    await client.power_up()
    print("powered", flush=True)
    await client.reset(high=True)
    print("discovery", flush=True)
    await client.reset(high=False)
    await client.choose(0x1370 if profile == "bitaxe" else 0x1362)
    if profile == "bitaxe":
        await client.set_volts(1.2)
        print("volts", flush=True)
    await client.reset(high=True)
    print("hashing", flush=True)
    await asyncio.sleep(3600)


asyncio.run(main(*sys.argv[1:]))
