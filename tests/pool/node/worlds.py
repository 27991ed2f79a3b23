"""A clock that a test turns, and chains on it."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from stampmill.pool.node.chain import RegtestChain, mine

START = 1_700_000_000


@dataclass
class Clock:
    """Seconds, moved by hand."""

    now: float = START

    def __call__(self) -> float:
        return self.now


def new_chain(
    clock: Clock | None = None,
    *,
    seed: int = 1,
    premined: int = 105,
    transactions: int = 5,
    on_block: Callable[[bytes], None] | None = None,
) -> RegtestChain:
    return RegtestChain(
        clock or Clock(),
        Random(seed),
        premined=premined,
        transactions=transactions,
        on_block=on_block,
    )


def grow(chain: RegtestChain, clock: Clock, blocks: int, spacing: float = 10) -> None:
    for _ in range(blocks):
        clock.now += spacing
        assert chain.submit(mine(chain.template())) is None
