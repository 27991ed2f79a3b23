"""The chains that a node can be on: what differs between them for a miner."""

from enum import Enum


class Chain(Enum):
    """A chain by the name that `getblockchaininfo` gives it."""

    MAIN = "main"
    TEST = "test"
    TESTNET4 = "testnet4"
    SIGNET = "signet"
    REGTEST = "regtest"

    @property
    def segwit_since_long(self) -> bool:
        """Whether every template of an up-to-date node there follows segwit."""
        return self in {Chain.MAIN, Chain.TEST, Chain.TESTNET4}

    @property
    def halving_interval(self) -> int:
        """Blocks between two halvings of the subsidy (bitcoin/bitcoin chainparams.cpp)."""
        return 150 if self is Chain.REGTEST else 210_000

    def subsidy(self, height: int) -> int:
        """Return the satoshi that a block at this height may make, fees apart."""
        return 50 * 100_000_000 >> min(height // self.halving_interval, 63)


TEST_CHAINS = frozenset(Chain) - {Chain.MAIN}

COOKIE_FOLDERS = {
    8332: "",
    18332: "testnet3",
    48332: "testnet4",
    38332: "signet",
    18443: "regtest",
}
"""RPC port to the folder, inside Bitcoin Core's own, that holds the cookie of that chain's node."""
