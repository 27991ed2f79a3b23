"""The book of all runs, in a file of the user's state folder: several miners may add to it."""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from stampmill.core.energy.books.book import Book

VERSION = 1
_LOCK_TRIES, _LOCK_PAUSE = 20, 0.05
"""Who writes is done in milliseconds; who hangs must not hang us."""


def energy_file(environ: Mapping[str, str] = os.environ) -> Path:
    """Return where the book is kept."""
    state = environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state, "stampmill", "energy.json")


@dataclass(frozen=True, slots=True)
class _Kept:
    version: int = VERSION
    book: Book = field(default_factory=Book)


class Store:
    """Adds to the file and reads it. `tell` takes a line about a file that is none of ours."""

    def __init__(
        self, path: Path, tell: Callable[[str], None], now: Callable[[], float] = time.time
    ) -> None:
        self.path = path
        self._tell = tell
        self._now = now

    def read(self) -> Book:
        """Return what is kept; raise OSError.

        A file that is not as we write it is put aside, and the book begun anew.
        """
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return Book()
        try:
            kept = msgspec.json.decode(data, type=_Kept)
            _check(kept)
        except (msgspec.MsgspecError, ValueError) as error:
            self._put_aside(error)
            return Book()
        return kept.book

    def add(self, spent: Book) -> Book:
        """Add to what is kept and return all of it; raise OSError, and then nothing is added."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with _alone(self.path.with_suffix(".lock")):
            book = self.read()
            book.merge(spent)
            self._write(msgspec.json.format(msgspec.json.encode(_Kept(book=book)), indent=1))
        return book

    def _write(self, data: bytes) -> None:
        """Replace the file at once, so that it is whole whenever the power goes."""
        draft = self.path.with_suffix(f".{os.getpid()}")
        try:
            with draft.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self.path)
        finally:
            with suppress(OSError):
                draft.unlink()

    def _put_aside(self, error: Exception) -> None:
        aside = self.path.with_suffix(f".damaged-{int(self._now())}")
        self.path.replace(aside)
        self._tell(f"{self.path} is not as it was written ({error}): kept as {aside}, begun anew")


def _check(kept: _Kept) -> None:
    if kept.version != VERSION:
        raise ValueError(f"version {kept.version}, known is {VERSION}")


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Keep other miners from writing meanwhile; raise OSError if one does for a second."""
    try:
        import fcntl  # noqa: PLC0415  not on Windows
    except ImportError:
        yield
        return
    with lock.open("ab") as file:
        for left in reversed(range(_LOCK_TRIES)):
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if not left:
                    raise
                time.sleep(_LOCK_PAUSE)
        yield
