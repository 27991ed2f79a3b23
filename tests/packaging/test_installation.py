"""A user's ways to install, each followed by a run on the embedded pool."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stampmill.core import native

from .installation import EXTRAS, Installation

Install = Callable[..., Installation]


def test_wheel_alone_mines_with_the_c_kernel(wheel: Path, installation: Install) -> None:
    user = installation(without=EXTRAS)
    user.install(wheel).check_returncode()
    report = _mine(user)
    assert report["devices"][0]["backend"] == "cpu"


def test_wheel_made_of_the_sdist_has_each_kernel_of_this_processor(
    wheel: Path, installation: Install
) -> None:
    if not native.available():
        pytest.skip(native.why_unavailable())
    user = installation(without=EXTRAS)
    user.install(wheel).check_returncode()
    checked = user.stampmill("selftest").stdout
    for info in native.kernels():
        assert f"{info.name} " in checked


def test_install_without_a_compiler_succeeds_and_mines_with_numba(
    checkout: Path, installation: Install
) -> None:
    user = installation()
    done = user.install(checkout, **_no_compiler(user))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "no C compiler" in done.stdout + done.stderr
    assert not list(user.packages.rglob("_native*.so"))
    report = _mine(user)
    assert report["devices"][0]["backend"] == "numba"


def test_install_that_requires_the_extension_fails_without_a_compiler(
    checkout: Path, installation: Install
) -> None:
    user = installation()
    done = user.install(checkout, STAMPMILL_NATIVE="require", **_no_compiler(user))
    assert done.returncode != 0
    assert "STAMPMILL_NATIVE" in done.stdout + done.stderr


def _no_compiler(user: Installation) -> dict[str, str]:
    """Return an environment whose only programs are Python's own."""
    return {"PATH": str(user.bin), "CC": "cc"}


def _mine(user: Installation) -> dict[str, Any]:
    done = user.stampmill("mine", "--time-limit", "5", "--json")
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    assert report["pool"] == "embedded"
    assert report["accepted"] > 0
    assert report["rejected"] == report["hardware_errors"] == 0
    return report
