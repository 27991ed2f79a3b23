"""What differs between two configurations, in words that hold no secret."""

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass

from stampmill.core.settings import MineSettings


@dataclass(frozen=True, slots=True)
class Change:
    """One setting that is not what it was; a secret's values are not told."""

    name: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.name} was {self.before}, is {self.after}"


def changes(old: MineSettings, new: MineSettings) -> list[Change]:
    """Return all that changed, except the pools."""
    return [change for change in _differing("", old, new) if change.name != "pools"]


def _differing(prefix: str, old: object, new: object) -> Iterator[Change]:
    assert is_dataclass(old)  # noqa: S101  settings are
    for field in fields(old):
        name = f"{prefix}{field.name}".replace("_", "-")
        before, after = getattr(old, field.name), getattr(new, field.name)
        if before == after:
            continue
        if is_dataclass(before):
            yield from _differing(f"{field.name}.", before, after)
        elif field.repr:
            yield Change(name, _shown(before), _shown(after))
        else:
            yield Change(name, "a secret", "another" if after else "none")


def _shown(value: object) -> str:
    return "unset" if value in (None, (), "") else str(value)
