"""The name under which an emulated board is found, and the file beside it that tells about it."""

import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from stampmill.core.errors import UsageError


class Link:
    """A symbolic link to a port, and a file PATH.json; both are gone when it is taken away."""

    def __init__(self, path: Path, facts: Mapping[str, object] | None = None) -> None:
        self.path = path
        self._facts = facts
        self._port = ""
        _refuse_real_files(path)

    @property
    def side_file(self) -> Path:
        """The file that tells the driver what a real board would not have to."""
        return self.path.with_name(f"{self.path.name}.json")

    def put(self, port: str) -> None:
        """Let the link lead to a port, whatever it led to before; raise UsageError."""
        self._port = port
        try:
            if self._facts is not None:
                _replace(self.side_file, lambda new: new.write_text(json.dumps(self._facts)))
            _replace(self.path, lambda new: new.symlink_to(port))
        except OSError as error:
            raise UsageError(f"cannot make the link {self.path}: {error.strerror}") from error

    def take_away(self) -> None:
        """Remove both, unless the link leads to somebody else's port by now."""
        if not self._is_ours():
            return
        with suppress(OSError):
            self.path.unlink()
        if self._facts is not None:
            self.side_file.unlink(missing_ok=True)

    def _is_ours(self) -> bool:
        try:
            return str(self.path.readlink()) == self._port
        except OSError:
            return False


def _refuse_real_files(path: Path) -> None:
    if os.path.lexists(path) and not path.is_symlink():
        raise UsageError(f"--link {path}: there is a file of that name, and it is no link")
    if not path.parent.is_dir():
        raise UsageError(f"--link {path}: there is no folder {path.parent}")


def _replace(path: Path, make: Callable[[Path], object]) -> None:
    """Make a file under another name, then put it in place at once."""
    new = path.with_name(f".{path.name}.{os.getpid()}")
    new.unlink(missing_ok=True)
    make(new)
    new.replace(path)
