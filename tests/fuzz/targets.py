"""What is fuzzed: each target takes any bytes and fails only where a promise is broken.

A target reads its input as lines. Most are fed to the parser as they are; one that begins with `@`
is an order to the world around it: time passes, a share is found, a segment ends. So a fuzzer that
only edits bytes reaches states as well as parsers.
"""

from collections.abc import Callable

from stampmill.pool.node.rpc_template import TemplateError, parse

from .client_world import ClientWorld, assert_line
from .lines import CLIENT_LINES, SERVER_LINES, TEMPLATE
from .server_world import ServerWorld


def client(data: bytes) -> None:
    """A pool says anything to our client, at any time, while it mines."""
    world = ClientWorld(authorized=data[:1] != b"-")
    for order in data.split(b"\n"):
        world.obey(order)
    world.close()


def server(data: bytes) -> None:
    """A miner says anything to our server, while jobs and blocks come and terms change."""
    world = ServerWorld()
    for order in data.split(b"\n"):
        world.obey(order)
    world.close()


def template(data: bytes) -> None:
    """A node answers getblocktemplate with anything."""
    try:
        parse(data)
    except TemplateError as error:
        assert_line(str(error))


TARGETS: dict[str, Callable[[bytes], None]] = {
    "client": client,
    "server": server,
    "template": template,
}


def seeds(name: str) -> list[bytes]:
    """Return inputs to begin with: a session of each kind, and every method by name."""
    if name == "template":
        return [TEMPLATE]
    lines = SERVER_LINES if name == "client" else CLIENT_LINES
    alone = [b"@s\n" + line + b"\n@t9\n@s\n@z" for line in lines]
    return [b"\n".join(lines), *alone, b"-" + lines[0], *_ODD_WORDS]


def words() -> list[bytes]:
    """Return what a fuzzer should know: it would not guess a method's name."""
    source = b" ".join([*SERVER_LINES, *CLIENT_LINES, TEMPLATE])
    found = {part for part in source.split(b'"') if part.isascii() and 2 < len(part) < 40}
    return sorted(found | _ODD_WORDS)


_ODD_WORDS = {
    b"@s", b"@t9", b"@j", b"@b", b"@z", b"NaN", b"1e400", b"-0.0", b"null", b"\xff\xfe", b"\x00",
}  # fmt: skip
