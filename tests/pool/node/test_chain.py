from dataclasses import replace

import pytest

from stampmill.pool.node import regtest
from stampmill.pool.node.block import Block
from stampmill.pool.node.chain import HASHES_KEPT, RegtestChain, mine
from stampmill.pool.node.script import OP_TRUE_SCRIPT
from stampmill.pool.node.template import CoinbaseLayout
from stampmill.pool.node.validation import BlockReason

from .vectors import Forge, solved
from .worlds import START, Clock, grow, new_chain


def test_premined_chain_lies_in_the_past_and_has_real_transactions() -> None:
    chain = new_chain()
    template = chain.template()
    assert (chain.height, template.height) == (105, 106)
    assert chain.min_time <= START
    assert template.current_time == START
    assert len(template.transactions) == 5
    assert len(template.merkle_branch) == 3


def test_coinbase_may_take_subsidy_and_fees() -> None:
    template = new_chain().template()
    fees = sum(each.fee for each in template.transactions)
    assert fees > 0
    assert template.coinbase_value == 5_000_000_000 + fees


def test_template_stays_the_same_until_the_tip_changes_but_for_its_time() -> None:
    clock = Clock()
    chain = new_chain(clock)
    first = chain.template()
    clock.now += 30
    assert chain.template() == replace(first, current_time=START + 30)
    chain.submit(mine(first))
    assert chain.template().previous_hash == chain.tip.hash()
    assert set(chain.template().transactions).isdisjoint(first.transactions)


def test_block_extends_the_chain_once() -> None:
    chain = new_chain()
    raw = mine(chain.template())
    assert chain.submit(raw) is None
    assert chain.height == 106
    assert chain.tip == Block.from_bytes(raw).header
    assert chain.submit(raw) is BlockReason.DUPLICATE
    assert chain.height == 106


def test_second_block_of_the_same_height_is_inconclusive() -> None:
    chain = new_chain()
    template = chain.template()
    assert chain.submit(mine(template)) is None
    other = mine(template, CoinbaseLayout(extranonce_size=8, unique=b"other"))
    assert chain.submit(other) is BlockReason.INCONCLUSIVE


def test_block_on_an_unknown_one_is_refused() -> None:
    chain = new_chain()
    block = Block.from_bytes(mine(chain.template()))
    orphan = Forge(block).with_header(previous_hash=bytes(range(32)))
    assert chain.submit(orphan.to_bytes()) is BlockReason.UNKNOWN_PREVIOUS


@pytest.mark.parametrize("raw", [b"", bytes(80), b"\xff" * 200])
def test_rubbish_is_no_block(raw: bytes) -> None:
    assert new_chain().submit(raw) is BlockReason.DECODE


def test_refused_block_changes_nothing() -> None:
    chain = new_chain()
    template, coins = chain.template(), chain.coins
    block = Block.from_bytes(mine(template))
    greedy = Forge(block).coinbase_values(template.coinbase_value + 1, 0)
    assert chain.submit(greedy.to_bytes()) is BlockReason.COINBASE_AMOUNT
    unsolved = Block(solved(block.header, wrong=True), block.transactions)
    assert chain.submit(unsolved.to_bytes()) is BlockReason.HIGH_HASH
    assert (chain.template(), chain.coins, chain.height) == (template, coins, 105)
    assert chain.submit(block.to_bytes()) is None


def test_time_is_never_below_the_median_of_the_last_eleven() -> None:
    clock = Clock()
    chain = new_chain(clock)
    grow(chain, clock, 11, spacing=100)
    median = START + 600
    assert chain.min_time == median + 1
    clock.now = START - 5000
    assert chain.template().current_time == median + 1
    late = Forge(Block.from_bytes(mine(chain.template())))
    assert chain.submit(late.with_header(ntime=median).to_bytes()) is BlockReason.TIME_TOO_OLD


def test_chain_that_ran_ahead_of_the_clock_has_to_wait() -> None:
    clock = Clock()
    chain = new_chain(clock)
    grow(chain, clock, 11)
    clock.now = START - 8000
    assert chain.submit(mine(chain.template())) is BlockReason.TIME_TOO_NEW
    clock.now = START
    assert chain.submit(mine(chain.template())) is None


def test_clock_that_was_never_set_still_gives_a_chain() -> None:
    chain = new_chain(Clock(0))
    assert chain.template().current_time > regtest.GENESIS.ntime


def test_fresh_chain_has_no_transactions_until_a_coinbase_is_mature() -> None:
    clock = Clock()
    chain = new_chain(clock, premined=99)
    assert chain.template().transactions == ()
    assert chain.template().merkle_branch == ()
    grow(chain, clock, 1)
    assert len(chain.template().transactions) == 5


def test_every_block_is_handed_out_in_order() -> None:
    blocks: list[bytes] = []
    clock = Clock()
    chain = new_chain(clock, on_block=blocks.append)
    grow(chain, clock, 3)
    headers = [Block.from_bytes(raw).header for raw in blocks]
    assert len(headers) == chain.height == 108
    links = [each.previous_hash for each in headers]
    assert links == [regtest.GENESIS.hash(), *(each.hash() for each in headers[:-1])]


def memory(chain: RegtestChain) -> tuple[int, int]:
    return chain.coins, len(chain._hashes)


def test_memory_stays_bounded_over_thousands_of_blocks() -> None:
    clock = Clock()
    chain = new_chain(clock, transactions=1)
    most = 0
    for _ in range(23):
        grow(chain, clock, 100)
        most = max(most, chain.coins)
    # A hundred coinbases that are not mature yet, and the traffic's purse.
    assert most <= 100 + 20
    assert memory(chain)[1] == HASHES_KEPT


def test_coins_that_nobody_here_can_spend_are_not_kept() -> None:
    chain = new_chain()
    coins = chain.coins
    layout = CoinbaseLayout(extranonce_size=8, payout_script=bytes.fromhex("0014") + bytes(20))
    template = chain.template()
    paid = sum(each.data.count(OP_TRUE_SCRIPT) for each in template.transactions)
    assert chain.submit(mine(template, layout)) is None
    assert chain.coins < coins + paid


def test_same_seed_and_clock_give_the_same_chain() -> None:
    assert new_chain(seed=7).tip == new_chain(seed=7).tip
    assert new_chain(seed=7).tip != new_chain(seed=8).tip
