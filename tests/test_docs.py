"""What the pages say exists: links, files, make targets, commands and their options."""

import argparse
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from stampmill.core.cli import main as cli

ROOT = Path(__file__).parents[1]
FOLDERS = ("bench", "core", "csrc", "kernels", "pool", "tests")
PAGES = sorted(
    [*ROOT.glob("*.md"), *(page for top in FOLDERS for page in ROOT.glob(f"{top}/**/*.md"))]
)

LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
INLINE = re.compile(r"`([^`\n]+)`")
FILE_NAME = re.compile(r"\.?[\w-][\w.*-]*(/[\w.*-]*)+|[\w*-]+\.(c|h|js|json|md|py|pyi|sh|toml)")
MADE_HERE = {".peers", ".venv", "build", "dist"}
"""Folders that a command makes; .gitignore has them."""
SHELLS = {"sh", "bash", "shell", "console"}


@pytest.fixture(params=PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def page(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


def test_relative_links_lead_somewhere(page: Path) -> None:
    links = [link for link in LINK.findall(_prose(page)) if "://" not in link]
    assert [link for link in links if not _is_target(page, link)] == []


def test_files_that_are_named_exist(page: Path) -> None:
    names = [name for name in INLINE.findall(_prose(page)) if FILE_NAME.fullmatch(name)]
    assert [name for name in names if not _exists(page, name)] == []


def test_make_targets_that_are_shown_exist(page: Path) -> None:
    makefile = ROOT.joinpath("Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):.* ## ", makefile, re.MULTILINE))
    shown = {word for line in _commands(page, "make") for word in _targets(line)}
    assert shown - targets == set()


def test_commands_that_are_shown_are_understood(page: Path) -> None:
    refused = [line for line in _commands(page, "stampmill") if not _is_understood(line)]
    assert refused == []


@pytest.mark.parametrize("line", ["stampmill mine --no-such-option", "stampmill nonsense"])
def test_a_wrong_command_would_be_noticed(line: str) -> None:
    assert not _is_understood(line)


def _prose(page: Path) -> str:
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def _is_target(page: Path, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = page.parent / path if path else page
    return target.exists() and (not anchor or anchor in _anchors(target))


def _anchors(page: Path) -> set[str]:
    """Return the names that headings get: lower case, no punctuation, hyphens for spaces."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _exists(page: Path, name: str) -> bool:
    if name.split("/", maxsplit=1)[0] in MADE_HERE:
        return True
    places = [ROOT, page.parent, *(ROOT / folder for folder in FOLDERS)]
    return any(any(place.glob(name.rstrip("/"))) for place in places)


def _commands(page: Path, program: str) -> Iterator[str]:
    """Yield the command lines of a program, in shell blocks and in the text."""
    text = page.read_text(encoding="utf-8")
    blocks = [body for language, body in FENCE.findall(text) if language in SHELLS]
    lines = [line for body in blocks for line in body.replace("\\\n", " ").splitlines()]
    for line in [*lines, *INLINE.findall(_prose(page))]:
        command = line.strip().removeprefix("$ ")
        if command.split(" ")[0] == program:
            yield command


def _targets(line: str) -> list[str]:
    words = shlex.split(line, comments=True)[1:]
    return [word for word in words if "=" not in word and not word.startswith("-")]


def _is_understood(line: str) -> bool:
    """Tell whether subcommands and options exist; their values are not looked at."""
    parser = cli.parser()
    for word in shlex.split(line, comments=True)[1:]:
        commands = _subcommands(parser)
        if word.startswith("-"):
            if word.split("=")[0] not in parser._option_string_actions:
                return False
        elif commands:
            if word not in commands:
                return False
            parser = commands[word]
    return True


def _subcommands(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return action.choices
    return {}
