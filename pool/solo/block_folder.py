"""Found blocks on disk: written before they are submitted, so that they can be sent by hand."""

import os
from contextlib import suppress
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

    def mark(self, chain: Chain, height: int, block_hash: str) -> None:
        """Note that a block is to be looked after; raise OSError."""
        path = self._mark(chain, height, block_hash)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()

    def unmark(self, chain: Chain, height: int, block_hash: str) -> None:
        """Forget that; a mark that stays for want of a right costs some questions later."""
        with suppress(OSError):
            self._mark(chain, height, block_hash).unlink(missing_ok=True)

    def marked(self, chain: Chain) -> list[tuple[int, str]]:
        """Return height and hash of each block of a chain that is to be looked after."""
        names = [path.stem.partition("-") for path in (self.path / chain.value).glob("*.watched")]
        return sorted((int(height), name) for height, _, name in names if height.isdecimal())

    def _mark(self, chain: Chain, height: int, block_hash: str) -> Path:
        return self.path / chain.value / f"{height}-{block_hash}.watched"


def secure(path: Path) -> None:
    """Wait until the file is on the disk itself; raise OSError."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def default_folder(environ: "os._Environ[str] | dict[str, str]", home: Path) -> Path:
    """Return where found blocks go if nothing is said."""
    state = environ.get("XDG_STATE_HOME") or home / ".local" / "state"
    return Path(state) / "stampmill" / "blocks"
