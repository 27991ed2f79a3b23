"""The embedded pool in a process of its own."""

import asyncio
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

from stampmill.bench.processes.children import Result, Settings
from stampmill.core.backends.options import CpuPriority
from stampmill.core.errors import MissingExtraError
from stampmill.pool.server.embedded import EmbeddedPool
from stampmill.pool.server.options import PoolOptions


def child(settings: Settings) -> Result:
    """Serve with these PoolOptions until the input is closed; say the URL, then the counters.

    With `tls` it makes itself a certificate, and says the pins for it too. A miner of `priority`
    normal takes turns with all others, and so do we.
    """
    said = dict(settings)
    if CpuPriority(said.pop("priority", "idle")) is CpuPriority.IDLE:
        _give_way()
    with TemporaryDirectory() as folder:
        if said.pop("tls", False):
            said["tls_cert"] = _certificate(Path(folder))
        return asyncio.run(_serve(PoolOptions(**said)))


def _certificate(folder: Path) -> Path:
    """Return a file with a fresh certificate for loopback and its key."""
    try:
        # What makes certificates is for development only.
        import trustme  # noqa: PLC0415
    except ImportError:
        raise MissingExtraError("measuring over TLS", "dev") from None
    path = folder / "pool.pem"
    leaf = trustme.CA().issue_cert("127.0.0.1")
    leaf.private_key_and_cert_chain_pem.write_to_path(str(path))
    return path


def _give_way() -> None:
    """Do not take a CPU from the miner at the moment its bytes arrive here.

    A real pool is another machine. Here its turn would fall into the miner's write, which is what
    wakes it, and count as the miner's time (sched(7): a SCHED_BATCH thread preempts nobody). And
    where the two want a CPU at once, the nicer one waits.
    """
    if hasattr(os, "SCHED_BATCH"):
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
        os.nice(19)


async def _serve(options: PoolOptions) -> Result:
    pool = EmbeddedPool(options)
    host, port = await pool.start()
    scheme = "stratum+tcp" if pool.certificate is None else "stratum+ssl"
    pins = [] if pool.certificate is None else [str(pin) for pin in pool.certificate.pins]
    print(json.dumps({"url": f"{scheme}://{host}:{port}", "pins": pins}), flush=True)
    try:
        await asyncio.to_thread(sys.stdin.read)
    finally:
        await pool.close()
    return asdict(pool.snapshot())
