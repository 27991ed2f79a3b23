"""What differs between two configurations, in words that hold no secret."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass

from stampmill.core.settings import MineSettings, PoolSettings


@dataclass(frozen=True, slots=True)
class Change:
    """One setting that is not what it was; a secret's values are not told."""

    name: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.name} was {self.before}, is {self.after}"


def changes(old: MineSettings, new: MineSettings) -> list[Change]:
    """Return all that changed, except the order of the same pools."""
    found = [change for change in _differing("", old, new) if change.name != "pools"]
    if sorted(old.pools, key=_key) != sorted(new.pools, key=_key):
        found.append(Change("pools", _urls(old.pools), _urls(new.pools)))
    return found


def new_order(old: MineSettings, new: MineSettings) -> list[int] | None:
    """Return the old pools' numbers in their new order, or None if it is not a new order of them.

    The numbers are those that the run began with.
    """
    if old.pools == new.pools or sorted(old.pools, key=_key) != sorted(new.pools, key=_key):
        return None
    return [old.pools.index(pool) for pool in new.pools]


def _key(pool: PoolSettings) -> str:
    return repr((pool.url, pool.user, pool.password, pool))


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


def _urls(pools: Sequence[PoolSettings]) -> str:
    # Without what may stand in front of an @: a password.
    return ", ".join(pool.url.rpartition("@")[2] for pool in pools) or "none"
