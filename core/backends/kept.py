"""Programs kept from one run to the next, each in a file of the user's cache.

A digest stands in front of each: what is torn or foreign is not read, and two processes may write
at once.
"""

import logging
import os
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

_log = logging.getLogger("stampmill.backends")
_DIGEST = 32


def cache_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Return where programs are kept."""
    home = environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home, "stampmill")


def read(file: Path) -> bytes | None:
    """Return a program that was written whole, or None."""
    try:
        content = file.read_bytes()
    except OSError:
        return None
    digest, binary = content[:_DIGEST], content[_DIGEST:]
    return binary if binary and sha256(binary).digest() == digest else None


def write(file: Path, binary: bytes) -> None:
    """Keep a program; where that fails it is built again next time."""
    draft = file.with_suffix(f".{os.getpid()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(sha256(binary).digest() + binary)
        draft.replace(file)
    except OSError as error:
        _log.warning("program not cached: file=%s error=%s", file, error)
