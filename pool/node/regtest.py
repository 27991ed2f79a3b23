"""The parameters of the regression-test chain (bitcoin/bitcoin src/kernel/chainparams.cpp)."""

from stampmill.core.chain.header import Header
from stampmill.core.chain.target import target_from_nbits

MAGIC = bytes.fromhex("fabfb5da")
"""In front of each block of a blocks file, as of each message between nodes."""

NBITS = 0x207FFFFF
NETWORK_TARGET = target_from_nbits(NBITS)
"""Every second hash meets it; regtest never changes it."""

BLOCK_VERSION = 0x20000000
"""No deployment signalled (BIP9)."""

HALVING_INTERVAL = 150
FIRST_SUBSIDY = 50 * 100_000_000

GENESIS = Header(
    version=1,
    previous_hash=bytes(32),
    merkle_root=bytes.fromhex("3ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a"),
    ntime=1296688602,
    nbits=NBITS,
    nonce=2,
)


def subsidy(height: int) -> int:
    """Return the satoshi that a block at this height may make, fees apart."""
    return FIRST_SUBSIDY >> min(height // HALVING_INTERVAL, 63)
