"""Who we are at a node: a user and a password, or the cookie that it writes at each start."""

from base64 import b64encode
from dataclasses import dataclass, field
from pathlib import Path

from stampmill.pool.payout.chains import COOKIE_FOLDERS
from stampmill.pool.solo.errors import NodeBusyError
from stampmill.pool.solo.node_url import NodeAddress

_MAX_COOKIE = 1024


@dataclass(frozen=True, slots=True)
class Credentials:
    """What HTTP Basic authentication is told: a cookie's content goes before user and password."""

    user: str = ""
    password: str = field(default="", repr=False)
    cookie: Path | None = None

    def header(self) -> str | None:
        """Return the Authorization header, None to send none.

        The cookie is read anew, as it changes when the node restarts. Raise NodeBusyError if it
        cannot be read.
        """
        said = self._cookie() if self.cookie else f"{self.user}:{self.password}".encode()
        return None if said == b":" else f"Basic {b64encode(said).decode()}"

    def _cookie(self) -> bytes:
        assert self.cookie is not None  # noqa: S101  the caller looked
        try:
            with self.cookie.open("rb") as file:
                content = file.read(_MAX_COOKIE + 1).strip()
        except OSError as error:
            raise NodeBusyError(
                f"cannot read the node's cookie {self.cookie}: {error.strerror}; is the node "
                "running, and may we read its folder?"
            ) from None
        if b":" not in content or len(content) > _MAX_COOKIE or b"\n" in content:
            raise NodeBusyError(f"{self.cookie} is no cookie file: it must hold user:password")
        return content


def choose(
    address: NodeAddress, user: str, password: str, cookie: str | None, home: Path
) -> Credentials:
    """Return the credentials for a node: those set apart from the URL go before those in it.

    With none at all for a node on this machine, the cookie of Bitcoin Core's own folder is taken
    if there is one.
    """
    if cookie is not None:
        return Credentials(cookie=Path(cookie).expanduser())
    user = user or address.user or ""
    password = password or address.password or ""
    if user or password:
        return Credentials(user, password)
    guess = _core_cookie(address, home)
    return Credentials(cookie=guess) if guess is not None else Credentials()


def _core_cookie(address: NodeAddress, home: Path) -> Path | None:
    if not address.is_local or address.port not in COOKIE_FOLDERS:
        return None
    path = home / ".bitcoin" / COOKIE_FOLDERS[address.port] / ".cookie"
    return path if path.is_file() else None
