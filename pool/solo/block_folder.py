"""Found blocks on disk: written before they are submitted, so that they can be sent by hand."""

import os
from pathlib import Path

from stampmill.core.chain.header import Header, display
from stampmill.pool.payout.chains import Chain


class BlockFolder:
    """A folder with a file for each found block, by chain, height and hash."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, chain: Chain, height: int, raw: bytes) -> Path:
        """Write a block as one line of hex, as `bitcoin-cli -stdin submitblock` reads it.

        It is with the operating system when this returns, so that the end of this process cannot
        lose it. Raise OSError if there is no room, or no right.
        """
        folder = self.path / chain.value
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{height}-{display(Header.from_bytes(raw[:80]).hash())}.hex"
        part = path.with_suffix(".part")
        try:
            part.write_bytes(raw.hex().encode() + b"\n")
            part.replace(path)
        except OSError:
            part.unlink(missing_ok=True)
            raise
        return path


def secure(path: Path) -> None:
    """Wait until the file is on the disk itself; raise OSError."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def default_folder(environ: "os._Environ[str] | dict[str, str]", home: Path) -> Path:
    """Return where found blocks go if nothing is said."""
    state = environ.get("XDG_STATE_HOME") or home / ".local" / "state"
    return Path(state) / "stampmill" / "blocks"
