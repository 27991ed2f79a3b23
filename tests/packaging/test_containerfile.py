"""The container file: what it copies, installs, sets and runs is there."""

import json
import re
import shlex
import tomllib
from pathlib import Path
from typing import NamedTuple

from stampmill.core.cli.main import parser
from stampmill.core.config import Layer, load

ROOT = Path(__file__).parents[2]
KNOWN = {
    "FROM", "RUN", "COPY", "WORKDIR", "ENV", "USER", "VOLUME", "HEALTHCHECK", "ENTRYPOINT", "CMD",
}  # fmt: skip


class Step(NamedTuple):
    """One instruction of one stage."""

    stage: int
    name: str
    words: str


def steps() -> list[Step]:
    text = ROOT.joinpath("Containerfile").read_text()
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    found: list[Step] = []
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        name, _, words = line.strip().partition(" ")
        if name:
            stage = sum(step.name == "FROM" for step in found) + (name == "FROM")
            found.append(Step(stage, name, words.strip()))
    return found


def said(name: str, stage: int | None = None) -> list[str]:
    return [step.words for step in steps() if step.name == name and stage in {None, step.stage}]


def variables() -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in shlex.split(said("ENV")[0]))


def test_it_is_made_of_known_instructions_in_two_stages_of_debian() -> None:
    assert {step.name for step in steps()} <= KNOWN
    assert steps()[0].name == "FROM"
    bases = [words.split()[0] for words in said("FROM")]
    assert bases == ["docker.io/library/debian:bookworm-slim"] * 2


def test_everything_that_is_copied_is_there() -> None:
    for words in said("COPY", stage=1):
        *sources, target = words.split()
        for source in sources:
            assert ROOT.joinpath(source).exists(), source
            assert target in {"./", source}
    (copied,) = said("COPY", stage=2)
    stage, source, target = copied.split()
    assert stage == "--from=build"
    assert source == target, "a virtual environment cannot be moved"


def test_every_package_and_file_that_a_build_needs_is_copied() -> None:
    project = tomllib.loads(ROOT.joinpath("pyproject.toml").read_text())
    folders = set(project["tool"]["setuptools"]["package-dir"].values()) | {"csrc"}
    files = {"pyproject.toml", "setup.py", "MANIFEST.in", project["project"]["readme"], "LICENSE"}
    copied = {source for words in said("COPY", stage=1) for source in words.split()[:-1]}
    assert copied == folders | files


def test_the_extras_exist() -> None:
    project = tomllib.loads(ROOT.joinpath("pyproject.toml").read_text())
    asked = re.search(r'"\.\[(.*?)\]"', " ".join(said("RUN")))
    assert asked is not None
    assert set(asked[1].split(",")) <= set(project["project"]["optional-dependencies"])


def test_what_apt_fetched_is_not_left_in_a_layer() -> None:
    for words in said("RUN"):
        if "apt-get" in words:
            assert "rm -rf /var/lib/apt/lists/*" in words
            assert "--no-install-recommends" in words


def test_it_runs_as_somebody_who_may_do_nothing() -> None:
    (user,) = said("USER")
    assert int(user) >= 1000
    assert f"--uid {user}" in said("RUN", stage=2)[0]
    names = [step.name for step in steps()]
    assert names.index("USER") < names.index("ENTRYPOINT")


def test_what_is_kept_lies_in_the_volume() -> None:
    (volume,) = json.loads(said("VOLUME")[0])
    environ = variables()
    assert f"{environ['XDG_STATE_HOME']}/stampmill" == volume
    assert environ["XDG_CACHE_HOME"].startswith(volume)


def test_its_settings_are_settings() -> None:
    settings = load(Layer("flags", {}), variables(), None)
    assert settings.surfaces.http_listen == "127.0.0.1:8080"


def test_its_commands_are_commands() -> None:
    assert json.loads(said("ENTRYPOINT")[0]) == ["stampmill"]
    health = said("HEALTHCHECK")[0].partition(" CMD ")[2]
    for words in (json.loads(said("CMD")[0]), json.loads(health)[1:]):
        parser().parse_args(words)
    assert json.loads(health)[0] == "stampmill"
