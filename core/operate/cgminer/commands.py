"""The commands: what each answers, who may ask it, and whether it may be joined with others."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from platform import system

from stampmill.core.errors import StampmillError
from stampmill.core.operate.access import Access
from stampmill.core.operate.cgminer import sections
from stampmill.core.operate.cgminer.reply import INVALID, Fields, Reply, Section, Status
from stampmill.core.operate.desk import Desk
from stampmill.core.snapshot import Snapshot

API_VERSION = "3.7"


@dataclass(frozen=True, slots=True)
class Question:
    """One command as it came: from whom, who may do what, and about which run."""

    desk: Desk
    parameter: str
    access: Access
    who: str
    version: str
    strategy: str

    @property
    def shot(self) -> Snapshot:
        """The run as it is now."""
        return self.desk.snapshot()


@dataclass(frozen=True, slots=True)
class Command:
    """How a command is answered."""

    answer: Callable[[Question], Reply]
    joinable: bool = True
    changes: bool = False

    @property
    def needs(self) -> Access:
        """What a peer must be allowed to do."""
        return Access.WRITE if self.changes else Access.READ


def answer(name: str, question: Question, *, joined: bool = False) -> Reply:
    """Return what to say to a command by its name."""
    command = COMMANDS.get(name)
    if command is None:
        return error(INVALID, "Invalid command")
    if not _may(question.access, command) or (joined and not command.joinable):
        return error(45, f"Access denied to '{name}' command")
    return command.answer(question)


def error(code: int, message: str) -> Reply:
    """Return a reply that says no."""
    return Reply(Status("E", code, message))


def _may(access: Access, command: Command) -> bool:
    return access is Access.WRITE or access is command.needs


def _success(code: int, message: str, section: Section | None = None) -> Reply:
    return Reply(Status("S", code, message), section)


def _one(code: int, message: str, name: str, fields: Fields) -> Reply:
    return _success(code, message, Section(name, [fields]))


def _version(question: Question) -> Reply:
    fields: Fields = {"CGMiner": question.version, "API": API_VERSION}
    return _one(22, "CGMiner versions", "VERSION", fields)


def _config(question: Question) -> Reply:
    fields = sections.config(question.shot, question.strategy, system())
    return _one(33, "CGMiner config", "CONFIG", fields)


def _summary(question: Question) -> Reply:
    return _one(11, "Summary", "SUMMARY", sections.summary(question.shot))


def _pools(question: Question) -> Reply:
    items = sections.pools(question.shot)
    return _some(items, 7, f"{len(items)} Pool(s)", "POOLS", error(8, "No pools"))


def _devices(question: Question) -> Reply:
    items = sections.devices(question.shot)
    return _some(items, 9, f"{len(items)} ASC(s)", "DEVS", error(10, "No ASCs"))


def _details(question: Question) -> Reply:
    items = sections.details(question.shot)
    return _some(items, 69, "Device Details", "DEVDETAILS", error(10, "No ASCs"))


def _notify(question: Question) -> Reply:
    items = sections.notify(question.shot)
    return _some(items, 60, "Notify", "NOTIFY", error(10, "No ASCs"))


def _some(items: Sequence[Fields], code: int, message: str, name: str, none: Reply) -> Reply:
    return _success(code, message, Section(name, items)) if items else none


def _stats(question: Question) -> Reply:
    return _success(70, "CGMiner stats", Section("STATS", sections.stats(question.shot)))


def _coin(question: Question) -> Reply:
    return _one(78, "CGMiner coin", "COIN", sections.coin(question.shot))


def _lcd(question: Question) -> Reply:
    return _one(125, "LCD", "LCD", sections.lcd(question.shot))


def _asc_count(question: Question) -> Reply:
    return _one(104, "ASC count", "ASCS", {"Count": len(question.shot.devices)})


def _pga_count(_question: Question) -> Reply:
    return _one(59, "PGA count", "PGAS", {"Count": 0})


def _asc(question: Question) -> Reply:
    items = sections.devices(question.shot)
    found = _device(question, len(items))
    if isinstance(found, Reply):
        return found
    return _one(106, f"ASC{found}", "ASC", items[found])


def _check(question: Question) -> Reply:
    name = question.parameter
    if not name:
        return error(71, "Missing check cmd")
    command = COMMANDS.get(name)
    fields: Fields = {
        "Exists": "Y" if command else "N",
        "Access": "Y" if command and _may(question.access, command) else "N",
    }
    return _one(72, "Check command", "CHECK", fields)


def _privileged(_question: Question) -> Reply:
    return _success(46, "Privileged access OK")


def _quit(question: Question) -> Reply:
    question.desk.quit(question.who)
    return _success(42, "BYE")


def _pause(question: Question) -> Reply:
    question.desk.pause(question.who)
    return _success(130, "Paused")


def _resume(question: Question) -> Reply:
    question.desk.resume(question.who)
    return _success(131, "Resumed")


def _switch_pool(question: Question) -> Reply:
    def switch(number: int) -> Reply:
        question.desk.reorder_pools([number], question.who)
        return _success(27, f"Switching to pool {number}:{_url(question, number)}")

    return _with_pool(question, switch)


def _enable_pool(question: Question) -> Reply:
    def enable(number: int) -> Reply:
        if question.shot.pools[number].status.enabled:
            return Reply(Status("I", 49, f"Pool {number}:{_url(question, number)} already enabled"))
        question.desk.enable_pool(number, question.who, wanted=True)
        return _success(47, f"Enabling pool {number}:{_url(question, number)}")

    return _with_pool(question, enable)


def _disable_pool(question: Question) -> Reply:
    def disable(number: int) -> Reply:
        pools = question.shot.pools
        if not pools[number].status.enabled:
            return Reply(
                Status("I", 50, f"Pool {number}:{_url(question, number)} already disabled")
            )
        if sum(pool.status.enabled for pool in pools) == 1:
            return error(51, "Cannot disable last active pool")
        question.desk.enable_pool(number, question.who, wanted=False)
        return _success(48, f"Disabling pool {number}:{_url(question, number)}")

    return _with_pool(question, disable)


def _pool_priority(question: Question) -> Reply:
    numbers = [part.strip() for part in question.parameter.split(",") if part.strip()]
    if not numbers:
        return error(25, "Missing pool id parameter")
    for number in numbers:
        if not _is_index(number, len(question.shot.pools)):
            return error(26, f"Invalid pool id {number}")
    return _done(
        lambda: question.desk.reorder_pools([int(number) for number in numbers], question.who),
        _success(73, "Changed pool priorities"),
    )


def _with_pool(question: Question, change: Callable[[int], Reply]) -> Reply:
    """Return what a change of the pool that is named says, or why there is none."""
    if not question.parameter:
        return error(25, "Missing pool id parameter")
    if not _is_index(question.parameter, len(question.shot.pools)):
        return error(26, f"Invalid pool id {question.parameter}")
    try:
        return change(int(question.parameter))
    except StampmillError as refused:
        return error(26, f"Pool {question.parameter}: {refused}")


def _url(question: Question, number: int) -> str:
    return question.shot.pools[number].status.url


def _asc_enable(question: Question) -> Reply:
    return _switch_device(question, wanted=True)


def _asc_disable(question: Question) -> Reply:
    return _switch_device(question, wanted=False)


def _switch_device(question: Question, *, wanted: bool) -> Reply:
    found = _device(question, len(question.shot.devices))
    if isinstance(found, Reply):
        return found
    word = "enable" if wanted else "disable"
    if question.shot.devices[found].enabled is wanted:
        return Reply(Status("I", 108 if wanted else 109, f"ASC {found} already {word}d"))
    return _done(
        lambda: question.desk.enable_device(found, question.who, wanted=wanted),
        _success(110 if wanted else 111, f"ASC {found} {word} set"),
        lambda why: Reply(Status("W", 117, f"ASC {found} does not support {word}: {why}")),
    )


def _device(question: Question, count: int) -> int | Reply:
    """Return the device that is named, or the reply that there is none."""
    if not question.parameter:
        return error(15, "Missing device id parameter")
    if not _is_index(question.parameter, count):
        return error(107, f"Invalid ASC id {question.parameter} - range is 0 - {count - 1}")
    return int(question.parameter)


def _is_index(text: str, count: int) -> bool:
    # Ten digits suffice; int() of thousands of them would cost a second.
    return text.isascii() and text.isdecimal() and len(text) <= 10 and int(text) < count


def _done(
    change: Callable[[], None],
    reply: Reply,
    refusal: Callable[[StampmillError], Reply] = lambda why: error(26, str(why)),
) -> Reply:
    try:
        change()
    except StampmillError as why:
        return refusal(why)
    return reply


def _read(handler: Callable[[Question], Reply], *, joinable: bool = True) -> Command:
    return Command(handler, joinable)


def _write(handler: Callable[[Question], Reply]) -> Command:
    return Command(handler, joinable=False, changes=True)


COMMANDS = {
    "version": _read(_version),
    "config": _read(_config),
    "summary": _read(_summary),
    "pools": _read(_pools),
    "devs": _read(_devices),
    "edevs": _read(_devices),
    "devdetails": _read(_details),
    "notify": _read(_notify),
    "stats": _read(_stats),
    "estats": _read(_stats),
    "coin": _read(_coin),
    "lcd": _read(_lcd),
    "asccount": _read(_asc_count),
    "pgacount": _read(_pga_count),
    "asc": _read(_asc, joinable=False),
    "check": _read(_check, joinable=False),
    "privileged": _write(_privileged),
    "switchpool": _write(_switch_pool),
    "enablepool": _write(_enable_pool),
    "disablepool": _write(_disable_pool),
    "poolpriority": _write(_pool_priority),
    "ascenable": _write(_asc_enable),
    "ascdisable": _write(_asc_disable),
    "pause": _write(_pause),
    "resume": _write(_resume),
    "quit": _write(_quit),
}
"""cgminer's by their names there; pause and resume are ours."""
