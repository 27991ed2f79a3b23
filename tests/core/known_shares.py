"""Accepted shares of real pools and chains as the nonces that a backend would have reported."""

from typing import Any

from stampmill.core.chain import merkle, target
from stampmill.core.chain.coinbase import coinbase_txid
from stampmill.core.job import Job, Nonce

from .fakes import make_job, make_work
from .vectors import VECTORS, Vector, swap_words


def known_share(name: str) -> Vector:
    """Return the vector whose name begins like this."""
    return next(entry for entry in VECTORS["stratum_shares"] if entry["name"].startswith(name))


def known_nonce(vector: Vector, submit: list[str] | None = None, **changes: Any) -> Nonce:
    """Return the nonce of a vector, or that of another submit; changes are to its job."""
    job = known_job(vector, **changes)
    _, _, extranonce2, ntime, number, *rolled = submit or vector["submit"]
    version = job.version | int(rolled[0], 16) if rolled else job.version
    txid = coinbase_txid(job.coinbase1, job.extranonce1, bytes.fromhex(extranonce2), job.coinbase2)
    work = make_work(
        job,
        extranonce2=bytes.fromhex(extranonce2),
        merkle_root=merkle.root_from_branch(txid, job.merkle_branch),
        ntime=int(ntime, 16),
        versions=(job.version, version),
    )
    return Nonce(work, int(number, 16), version, work.ntime, 1000.0, "0")


def known_job(vector: Vector, **changes: Any) -> Job:
    """Return the job of a vector; without a difficulty of its own it has the network's."""
    job_id, previous_hash, coinbase1, coinbase2, branch, version, nbits, ntime, clean = vector[
        "notify"
    ]
    network_target = target.target_from_nbits(int(nbits, 16))
    difficulty = vector.get("set_difficulty")
    fields = {
        "id": job_id,
        "previous_hash": swap_words(bytes.fromhex(previous_hash)),
        "coinbase1": bytes.fromhex(coinbase1),
        "coinbase2": bytes.fromhex(coinbase2),
        "extranonce1": bytes.fromhex(vector["extranonce1"]),
        "extranonce2_size": vector["extranonce2_size"],
        "merkle_branch": tuple(map(bytes.fromhex, branch)),
        "version": int(version, 16),
        "version_mask": int(vector.get("version_mask", "0"), 16),
        "nbits": int(nbits, 16),
        "ntime": int(ntime, 16),
        "clean": clean,
        "share_target": target.target_from_difficulty(difficulty) if difficulty else network_target,
        "network_target": network_target,
    }
    return make_job(**fields | changes)
