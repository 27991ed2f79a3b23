"""The commands that change pools. No reply repeats a parameter that may hold a password."""

from collections.abc import Callable

from stampmill.core.errors import StampmillError
from stampmill.core.operate.cgminer.question import (
    Question,
    done,
    error,
    information,
    is_index,
    number_in,
    success,
)
from stampmill.core.operate.cgminer.reply import Reply
from stampmill.core.settings import PoolSettings


def switch_pool(question: Question) -> Reply:
    """Prefer the pool that is named to all others."""

    def switch(number: int) -> Reply:
        question.desk.reorder_pools([number], question.who)
        return success(27, f"Switching to pool {number}:{_url(question, number)}")

    return _with_pool(question, question.parameter, switch)


def enable_pool(question: Question) -> Reply:
    """Use a pool again."""

    def enable(number: int) -> Reply:
        if question.shot.pools[number].status.enabled:
            return information(49, f"Pool {number}:{_url(question, number)} already enabled")
        question.desk.enable_pool(number, question.who, wanted=True)
        return success(47, f"Enabling pool {number}:{_url(question, number)}")

    return _with_pool(question, question.parameter, enable)


def disable_pool(question: Question) -> Reply:
    """Leave a pool be."""

    def disable(number: int) -> Reply:
        if not question.shot.pools[number].status.enabled:
            return information(50, f"Pool {number}:{_url(question, number)} already disabled")
        if _is_last(question, number):
            return error(51, "Cannot disable last active pool")
        question.desk.enable_pool(number, question.who, wanted=False)
        return success(48, f"Disabling pool {number}:{_url(question, number)}")

    return _with_pool(question, question.parameter, disable)


def pool_priority(question: Question) -> Reply:
    """Prefer pools in the order in which they are named."""
    numbers = [part.strip() for part in question.parameter.split(",") if part.strip()]
    if not numbers:
        return error(25, "Missing pool id parameter")
    for number in numbers:
        if not is_index(number, len(question.shot.pools)):
            return error(26, f"Invalid pool id {number}")
    return done(
        lambda: question.desk.reorder_pools([int(number) for number in numbers], question.who),
        success(73, "Changed pool priorities"),
    )


def add_pool(question: Question) -> Reply:
    """Take one more pool: `URL,USER,PASS`, where a backslash takes the next character as it is."""
    if not question.parameter:
        return error(52, "Missing addpool details")
    url, *who = _parts(question.parameter)
    if not url or not 1 <= len(who) <= 2:
        return error(53, "Invalid addpool details: URL,USER,PASS are wanted")
    try:
        number = question.desk.add_pool(_settings(url, *who), question.who)
    except StampmillError as refused:
        return error(53, f"Invalid addpool details: {refused}")
    return success(55, f"Added pool {number}: '{_url(question, number)}'")


def remove_pool(question: Question) -> Reply:
    """Leave a pool for good."""

    def remove(number: int) -> Reply:
        url = _url(question, number)
        if _is_last(question, number):
            return error(66, f"Cannot remove last pool {number}:'{url}'")
        question.desk.remove_pool(number, question.who)
        return success(68, f"Removed pool {number}:'{url}'")

    return _with_pool(question, question.parameter, remove)


def pool_quota(question: Question) -> Reply:
    """Give a pool another part of the work: `N,QUOTA`."""
    name, _, value = question.parameter.partition(",")

    def give(number: int) -> Reply:
        if not is_index(value, 1 << 31):
            return error(121, "Missing or negative quota value")
        question.desk.set_quota(number, int(value), question.who)
        return success(122, f"Set pool '{_url(question, number)}' to quota {int(value)}")

    return _with_pool(question, name, give)


def pool_difficulty(question: Question) -> Reply:
    """Ask a pool for a difficulty, and for a minimum: `N,SUGGEST[,MINIMUM]`, an empty one: none."""
    name, *wanted = question.parameter.split(",")

    def ask(number: int) -> Reply:
        values = [number_in(text) if text.strip() else None for text in wanted]
        if not 1 <= len(values) <= 2:
            return error(28, "Missing difficulty: N,SUGGEST[,MINIMUM] are wanted")
        suggest, minimum = (*values, None)[:2]
        question.desk.wish(number, suggest, minimum, question.who)
        return success(132, f"Asked pool {number}:{_url(question, number)} for its difficulty")

    return _with_pool(question, name, ask)


def _settings(url: str, user: str, password: str = PoolSettings("").password) -> PoolSettings:
    return PoolSettings(url, user, password)


def _with_pool(question: Question, name: str, change: Callable[[int], Reply]) -> Reply:
    """Return what a change of the pool that is named says, or why there is none."""
    if not name:
        return error(25, "Missing pool id parameter")
    if not is_index(name, len(question.shot.pools)):
        return error(26, f"Invalid pool id {name}")
    try:
        return change(int(name))
    except StampmillError as refused:
        return error(26, f"Pool {name}: {refused}")


def _is_last(question: Question, number: int) -> bool:
    pools = question.shot.pools
    return not any(pool.status.enabled for at, pool in enumerate(pools) if at != number)


def _url(question: Question, number: int) -> str:
    return question.shot.pools[number].status.url


def _parts(text: str) -> list[str]:
    """Split at commas, as cgminer does."""
    parts, escaped = [""], False
    for character in text:
        if character == "\\" and not escaped:
            escaped = True
        elif character == "," and not escaped:
            parts.append("")
        else:
            parts[-1] += character
            escaped = False
    return parts
