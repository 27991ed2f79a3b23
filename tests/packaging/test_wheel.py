"""What the sdist and the wheel hold, and a user's ways to install, each followed by a run.

In one file, so that one worker builds the two.
"""

import json
import signal
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stampmill.core import native
from stampmill.core.errors import ExitCode

from .installation import Installation

Install = Callable[..., Installation]

PACKAGES = ("bench", "core", "kernels", "pool")


@pytest.fixture(scope="module")
def wheel_names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def sdist_names(dist: Path) -> set[str]:
    with tarfile.open(next(dist.glob("*.tar.gz"))) as archive:
        return {name.partition("/")[2] for name in archive.getnames()}


def test_one_wheel_serves_every_python_from_3_11(wheel: Path) -> None:
    assert "-cp311-abi3-" in wheel.name


@pytest.mark.parametrize("package", PACKAGES)
def test_wheel_declares_each_package_typed(package: str, wheel_names: set[str]) -> None:
    assert f"stampmill/{package}/py.typed" in wheel_names


def test_wheel_holds_every_module_of_the_checkout(wheel_names: set[str]) -> None:
    root = Path(__file__).parents[2]
    modules = {
        f"stampmill/{path.relative_to(root)}"
        for package in PACKAGES
        for path in (root / package).rglob("*.py")
        if path.with_name("__init__.py").exists()  # what is not so is an example
    }
    assert modules - wheel_names == set()


def test_wheel_and_sdist_hold_the_page_with_the_licence_of_what_others_wrote(
    wheel_names: set[str], sdist_names: set[str]
) -> None:
    root = Path(__file__).parents[2]
    files = (root / "core/operate/web/page").rglob("*.*")
    names = {str(path.relative_to(root)) for path in files}
    assert {f"stampmill/{name}" for name in names} - wheel_names == set()
    assert names - sdist_names == set()
    assert any(
        name.endswith("licenses/core/operate/web/page/uplot/LICENSE") for name in wheel_names
    )


def test_wheel_holds_the_extension_and_the_licence(wheel_names: set[str]) -> None:
    assert "stampmill/core/_native.abi3.so" in wheel_names
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in wheel_names)


def test_wheel_holds_nothing_but_the_package_and_its_metadata(wheel_names: set[str]) -> None:
    tops = {name.partition("/")[0] for name in wheel_names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"stampmill"}
    assert {name for name in wheel_names if name.endswith((".c", ".h", ".o"))} == set()


def test_sdist_holds_the_sources_of_the_extension_and_the_tests(sdist_names: set[str]) -> None:
    root = Path(__file__).parents[2]
    sources = {f"csrc/{path.name}" for path in (root / "csrc").iterdir() if path.is_file()}
    assert sources - sdist_names == set()
    assert {"LICENSE", "README.md", "setup.py", "tests/packaging/test_wheel.py"} <= sdist_names


def test_wheel_alone_mines_with_the_c_kernel(installed: Installation) -> None:
    report = _mine(installed)
    assert report["devices"][0]["backend"] == "cpu"


def test_wheel_made_of_the_sdist_has_each_kernel_of_this_processor(installed: Installation) -> None:
    if not native.available():
        pytest.skip(native.why_unavailable())
    checked = installed.stampmill("selftest").stdout
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
    """Mine until a share was accepted."""
    running = user.start("mine", "--threads", "1", "--json", "--lines")
    said = []
    try:
        for line in running.stderr or ():
            said.append(line)
            if " accepted " in line:
                break
        running.send_signal(signal.SIGTERM)
        out, rest = running.communicate(timeout=60)
    finally:
        running.kill()
    assert running.returncode == ExitCode.INTERRUPTED, "".join(said) + rest
    report: dict[str, Any] = json.loads(out)
    assert report["pool"] == "embedded"
    assert report["accepted"] > 0
    assert report["rejected"] == report["hardware_errors"] == 0
    return report
