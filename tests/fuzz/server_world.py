"""A pool whose miners say anything: one pool for all inputs, as in life."""

import json
from random import Random

from stampmill.pool.node.chain import RegtestChain
from stampmill.pool.server.options import PoolOptions
from stampmill.pool.server.pool_core import PoolCore, PoolWorld

START = 1_700_000_000.0


class _Port:
    peer = "192.0.2.1:4000"

    def __init__(self) -> None:
        self.closed = False

    def write(self, data: bytes) -> None:
        assert not self.closed, "a write behind the end"
        assert data.endswith(b"\n")
        for line in data.splitlines():
            assert isinstance(json.loads(line), dict)

    def close(self) -> None:
        self.closed = True


class ServerWorld:
    """A connection for each input."""

    now = START
    pool: PoolCore | None = None

    def __init__(self) -> None:
        self.port = _Port()
        session = self.core().connect(self.port, ServerWorld.now)
        assert session is not None
        self.session = session

    @classmethod
    def core(cls) -> PoolCore:
        if cls.pool is None:
            random = Random(1)
            chain = RegtestChain(lambda: START, random, premined=101, transactions=1)
            options = PoolOptions(
                max_connections=50, block_every=0, fixed_difficulty=1e-9, shares_kept=1000
            )
            world = PoolWorld(lambda: START, lambda: ServerWorld.now, random)
            cls.pool = PoolCore(options, chain, world)
        return cls.pool

    def obey(self, order: bytes) -> None:
        core, now = self.core(), ServerWorld.now
        match order[:2]:
            case b"@t":
                ServerWorld.now += min(int(order[2:8]), 1000) if order[2:8].isdigit() else 1.0
                core.tick(ServerWorld.now)
            case b"@j":
                core.periodic_job(now)
            case b"@b":
                core.block_made(now)
            case b"@r":
                core.renew_extranonces(now)
            case b"@m":
                core.set_version_mask(0x6000 if core.version_mask != 0x6000 else 0x1FFFE000)
            case b"@z":
                self.session.receive(order[2:], now)
            case _:
                self.session.receive(order + b"\n", now)
        assert self.port.closed is (self.session.closed is not None)

    def close(self) -> None:
        core = self.core()
        core.disconnect(self.session)
        assert core.sessions() == ()
