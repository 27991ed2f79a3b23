"""A fresh virtual environment beside the one that runs the tests."""

import os
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path
from subprocess import CompletedProcess

EXTRAS = ("numba", "numpy", "rich", "uvloop", "pyopencl")
"""Modules of the optional dependencies that an environment of the tests may hold."""


class Installation:
    """An environment that has our package from elsewhere, and its dependencies from here.

    Only plain modules are shared: the outer environment's own (editable) stampmill is not seen,
    since its .pth file is not read. `without` names modules that seem not to be installed.
    """

    def __init__(self, folder: Path, without: tuple[str, ...] = ()) -> None:
        self.folder = folder
        self.bin = folder / "bin"
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
        blocked = f"import sys; sys.modules.update(dict.fromkeys({without!r}))"
        lines = [sysconfig.get_paths()["purelib"], blocked]
        self.packages.joinpath("outer.pth").write_text("\n".join(lines), encoding="utf-8")

    @property
    def packages(self) -> Path:
        """Its site-packages."""
        return next(self.folder.glob("lib/python3*/site-packages"))

    def install(self, what: Path, **environment: str) -> CompletedProcess[str]:
        """Run pip on a wheel or a source tree, with no index and no isolation."""
        pip = [sys.executable, "-P", "-m", "pip", "--python", str(self.bin / "python")]
        options = ["--verbose", "--no-index", "--no-deps", "--no-build-isolation"]
        return self._run([*pip, "install", *options, str(what)], environment)

    def stampmill(self, *arguments: str) -> CompletedProcess[str]:
        """Run the command that was installed, outside every checkout."""
        return self._run([str(self.bin / "stampmill"), *arguments], {})

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start the command and leave it running."""
        return subprocess.Popen(
            [str(self.bin / "stampmill"), *arguments], cwd=self.folder, env=self._environment(),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def _run(self, command: list[str], extra: Mapping[str, str]) -> CompletedProcess[str]:
        return subprocess.run(
            command, cwd=self.folder, env=self._environment() | extra, capture_output=True,
            text=True, timeout=180, check=False,
        )  # fmt: skip

    def _environment(self) -> dict[str, str]:
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("STAMPMILL_") or name == "STAMPMILL_CPU_PRIORITY"
        }
        return kept | {"XDG_CONFIG_HOME": str(self.folder)}
