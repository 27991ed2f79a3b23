"""Whether a pool's job pays the address that the user wants paid."""

from stampmill.core.errors import EncodingError
from stampmill.core.job import Job
from stampmill.pool.node.transaction import Transaction
from stampmill.pool.payout.address import Payout


def why_unpaid(job: Job, payout: Payout) -> str:
    """Return why a block of this job would not be the user's, or an empty text if it would.

    The address has to get at least half: solo pools keep a fee, of 2 % mostly.
    """
    extranonce2 = bytes(job.extranonce2_size)
    raw = b"".join((job.coinbase1, job.extranonce1, extranonce2, job.coinbase2))
    try:
        outputs = Transaction.from_bytes(raw).outputs
    except EncodingError as error:
        return f"its coinbase is no transaction: {error}"
    total = sum(each.value for each in outputs)
    ours = sum(each.value for each in outputs if each.script == payout.script)
    if 2 * ours >= total > 0:
        return ""
    return f"its coinbase pays {ours} of {total} satoshis to {payout.address}"
