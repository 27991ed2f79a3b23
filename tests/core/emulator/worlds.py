"""Emulated boards for the driver's tests: a nonce every now and then, for little hashing."""

from dataclasses import replace
from typing import Any

from stampmill.bench.boards import world
from stampmill.bench.boards.world import MASK, Meanwhile, Plan, World
from stampmill.core.emulator.boards.kinds import BoardOptions
from stampmill.core.emulator.faults.catalogue import parse

__all__ = ["MASK", "World", "board", "mine"]


def board(kind: str, *faults: str, **more: Any) -> BoardOptions:
    usual = BoardOptions(kind, rate=2**16, zero_bits=8, faults=parse(faults), seed=7)
    return replace(usual, **more)


def mine(
    seconds: float, *options: BoardOptions, meanwhile: Meanwhile | None = None, **more: Any
) -> World:
    return world.mine(Plan(seconds, **more), *options, meanwhile=meanwhile)
