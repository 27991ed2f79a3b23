import pytest

from stampmill.core.chain.header import display
from stampmill.core.chain.target import meets_target
from stampmill.pool.node.regtest import GENESIS, NETWORK_TARGET, subsidy


def test_genesis_is_that_of_every_regtest_node() -> None:
    # reference: bitcoin/bitcoin src/kernel/chainparams.cpp, CRegTestParams
    known = "0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206"
    assert display(GENESIS.hash()) == known
    assert meets_target(GENESIS.hash(), NETWORK_TARGET)


@pytest.mark.parametrize(
    ("height", "satoshi"),
    [(1, 5_000_000_000), (149, 5_000_000_000), (150, 2_500_000_000), (300, 1_250_000_000),
     (150 * 32, 1), (150 * 33, 0), (150 * 64, 0), (1_000_000, 0)],
)  # fmt: skip
def test_subsidy_halves_every_150_blocks(height: int, satoshi: int) -> None:
    assert subsidy(height) == satoshi
