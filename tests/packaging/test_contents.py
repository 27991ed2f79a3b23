"""What the sdist and the wheel hold."""

import tarfile
import zipfile
from pathlib import Path

import pytest

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
    }
    assert modules - wheel_names == set()


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
    assert {"LICENSE", "README.md", "setup.py", "tests/packaging/test_contents.py"} <= sdist_names
