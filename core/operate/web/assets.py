"""The files of the page. Only those that were there at the start are served, by their names."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable

from aiohttp import web

PAGE = "page"
INDEX = "index.html"

_TYPES = {
    "html": "text/html",
    "css": "text/css",
    "js": "text/javascript",
    "svg": "image/svg+xml",
    "txt": "text/plain",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is sent. `mark` names its content."""

    body: bytes
    content_type: str
    mark: str

    async def answer(self, request: web.Request) -> web.Response:
        """Send it, unless whoever asks has it already."""
        headers = {"ETag": self.mark, "Cache-Control": "no-cache"}
        if request.headers.get("If-None-Match") == self.mark:
            return web.Response(status=304, headers=headers)
        return web.Response(
            body=self.body, headers=headers, content_type=self.content_type, charset="utf-8"
        )


def load(comment: str = "") -> dict[str, Asset]:
    """Return the files by their names under the page's folder; the index ends with a comment."""
    folder = resources.files(__package__) / PAGE
    found = {name: _asset(name, data) for name, data in _files(folder)}
    found[INDEX] = _asset(INDEX, found[INDEX].body + comment.encode())
    return found


def _files(folder: Traversable, above: str = "") -> Iterator[tuple[str, bytes]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _files(entry, f"{above}{entry.name}/")
        else:
            yield above + entry.name, entry.read_bytes()


def _asset(name: str, data: bytes) -> Asset:
    kind = _TYPES.get(name.rpartition(".")[2], "text/plain")
    return Asset(data, kind, f'"{hashlib.sha256(data).hexdigest()[:16]}"')
