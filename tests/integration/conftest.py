"""Counterparties that are not ours: a node for each file, everything else fresh for its test."""

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from .node import Node
from .process import PEERS, Process, launch, stampmill

Keep = Callable[[Process], Process]
Launch = Callable[..., Process]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder."""
    here = f"{Path(__file__).parent}{os.sep}"
    for item in items:
        if str(item.path).startswith(here):
            item.add_marker(pytest.mark.integration)


@contextmanager
def keeping() -> Iterator[Keep]:
    """Stop a process at the end, whatever happens, and print its lines."""
    with ExitStack() as stack:

        def keep(process: Process) -> Process:
            stack.callback(process.print_lines)
            stack.callback(process.stop)
            return process

        yield keep


@pytest.fixture
def keep() -> Iterator[Keep]:
    """Stop a process at the end of the test; its lines show if the test fails."""
    with keeping() as keep:
        yield keep


@pytest.fixture(scope="module")
def keep_for_all() -> Iterator[Keep]:
    """Stop a process at the end of the file."""
    with keeping() as keep:
        yield keep


def starting(keep: Keep) -> Launch:
    """Start launchers of tests/peers."""
    if not (PEERS / "stamp").exists():
        pytest.skip("no counterparties here: run make peers")

    def start(script: str, *, folder: Path = PEERS, **settings: object) -> Process:
        return keep(launch(script, settings, folder))

    return start


@pytest.fixture
def peer(keep: Keep) -> Launch:
    """Start a launcher of tests/peers."""
    return starting(keep)


@pytest.fixture(scope="module")
def peer_for_all(keep_for_all: Keep) -> Launch:
    """Start a launcher of tests/peers that stays until the end of the file."""
    return starting(keep_for_all)


@pytest.fixture
def command(keep: Keep, tmp_path: Path) -> Launch:
    """Start the stampmill command, away from the user's own settings."""

    def start(*arguments: str) -> Process:
        return keep(stampmill(arguments, config=tmp_path))

    return start


@pytest.fixture(scope="module")
def node(peer_for_all: Launch) -> Node:
    """A bcoin node with segwit active and coins to spend; its chain grows from test to test."""
    node = Node(peer_for_all("node.js"))
    node.mature()
    return node


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds certificates/rootCA.{key,crt}, good for 127.0.0.1."""
    folder = tmp_path_factory.mktemp("tls")
    (folder / "certificates").mkdir()
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1",
         "-keyout", "rootCA.key", "-out", "rootCA.crt",
         "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"],
        cwd=folder / "certificates", check=True, capture_output=True,
    )  # fmt: skip
    return folder


@pytest.fixture(scope="session")
def hashrate(tmp_path_factory: pytest.TempPathFactory) -> float:
    """A thread's hashes per second on this machine, roughly: a pool's difficulty is set by it."""
    miner = stampmill(
        ["mine", "--benchmark", "--threads", "1", "--time-limit", "0.5", "--json"],
        tmp_path_factory.mktemp("config"),
    )
    try:
        assert miner.wait() == 0, miner.lines
    finally:
        miner.stop()
    rate: float = miner.report()["hashrate"]
    return rate
