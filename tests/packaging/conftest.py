"""What the packaging tests build once."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from .installation import EXTRAS, Installation

ROOT = Path(__file__).parents[2]
LEFT_OUT = (".*", "build", "dist", "*.egg-info", "*.so", "*.o", "__pycache__")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder."""
    here = f"{Path(__file__).parent}{os.sep}"
    for item in items:
        if str(item.path).startswith(here):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sources as a fresh clone has them, nothing compiled."""
    return _copy(tmp_path_factory.mktemp("fresh") / "checkout")


@pytest.fixture(scope="session")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist, and the wheel that was built from it."""
    if not _compiler():
        pytest.skip("no C compiler: there is no wheel to build")
    folder = tmp_path_factory.mktemp("packaging")
    _copy(folder / "checkout")
    # Quick to compile rather than to run: what is judged here is in it, and is as right.
    compiler = folder / "quick-cc"
    compiler.write_text(f'#!/bin/sh\nexec {_compiler()} "$@" -O0\n')
    compiler.chmod(0o755)
    done = subprocess.run(
        [sys.executable, "-P", "-m", "build", "--no-isolation", "--outdir", "dist", "checkout"],
        cwd=folder, env={**os.environ, "STAMPMILL_NATIVE": "require", "CC": str(compiler)},
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stdout + done.stderr, "it would be the first that a user sees"
    return folder / "dist"


@pytest.fixture(scope="session")
def wheel(dist: Path) -> Path:
    """The wheel."""
    return next(dist.glob("*.whl"))


@pytest.fixture
def installation(tmp_path: Path) -> Callable[..., Installation]:
    """Make a fresh environment."""
    return lambda **options: Installation(tmp_path / "venv", **options)


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """An environment that has the wheel, and no optional dependency."""
    user = Installation(tmp_path_factory.mktemp("user") / "venv", without=EXTRAS)
    user.install(wheel).check_returncode()
    return user


def _copy(folder: Path) -> Path:
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*LEFT_OUT))
    return folder


def _compiler() -> str:
    found = map(shutil.which, (os.environ.get("CC", "cc"), "gcc", "clang"))
    return next(filter(None, found), "")
