"""A snapshot of a run on one pool with one device, any field of it changed."""

from typing import Any

from stampmill.core.job_source import SourceState, SourceStatus
from stampmill.core.snapshot import (
    DeviceSnapshot,
    JobSnapshot,
    Latency,
    PoolStanding,
    Rates,
    Shares,
    Snapshot,
)

NO_LATENCY = Latency(0, None, None)
RATES = Rates(5e6, 4e6, 3.5e6, 3e6, 2e6)
SOURCE = SourceStatus(
    "stratum", SourceState.AUTHORIZED, "stratum+tcp://a:1", "me.rig", difficulty=0.00408
)
SHARES = Shares(
    accepted=21,
    accepted_difficulty=1.0,
    best_difficulty=0.1269,
    last_difficulty=0.03,
    seconds_since_accepted=1.0,
    last_pool=0,
    nonces=21,
    seconds_since_nonce=1.0,
)
JOB = JobSnapshot(
    id="4f",
    clean=True,
    difficulty=0.00408,
    network_difficulty=4.6e-10,
    height=840_000,
    previous_hash="00" * 31 + "a1",
    version=0x20000000,
    version_mask=0x1FFFE000,
    ntime=1_700_000_000,
    age=3.0,
)
DEVICE = DeviceSnapshot("cpu0", "cpu", 24_000_000, RATES, SHARES, "avx512")


def snapshot(**changed: Any) -> Snapshot:
    """Return it."""
    fields: dict[str, Any] = {
        "time": 1_764_000_000.0,
        "seconds": 12.0,
        "source": SOURCE,
        "kernel": "avx512",
        "paused": "",
        "devices": (DEVICE,),
        "pools": (PoolStanding(SOURCE, active=True, shares=SHARES, answer=NO_LATENCY, jobs=3),),
        "hashes": 24_000_000,
        "rates": RATES,
        "job": JOB,
        "job_id": JOB.id,
        "job_difficulty": JOB.difficulty,
        "network_difficulty": JOB.network_difficulty,
        "expected_share_seconds": 1.25,
        **dict.fromkeys(
            ("jobs", "clean_jobs", "starved_jobs", "rejected", "stale", "lost", "unanswered",
             "duplicates", "hardware_errors", "below_share", "blocks"), 0),
        "accepted": 21,
        "reject_reasons": (),
        "accepted_difficulty": 1.0,
        "best_difficulty": 0.1269,
        "seconds_since_accepted": 1.0,
        "job_switch": Latency(3, 0.00005, 0.0009, 0.001, (2, 0, 0, 0, 1, *[0] * 13)),
        "share_path": NO_LATENCY,
        "pool_answer": NO_LATENCY,
    }  # fmt: skip
    return Snapshot(**(fields | changed))
