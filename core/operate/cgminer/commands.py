"""The commands: what each answers, who may ask it, and whether it may be joined with others."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from platform import system

from stampmill.core.operate.access import Access
from stampmill.core.operate.cgminer import device_changes, pool_changes, sections
from stampmill.core.operate.cgminer.question import Question, device_in, error, one, success
from stampmill.core.operate.cgminer.reply import INVALID, Fields, Reply, Section

API_VERSION = "3.7"


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


def changes(name: str) -> bool:
    """Tell whether a command is one that changes something."""
    command = COMMANDS.get(name)
    return command is not None and command.changes


def _may(access: Access, command: Command) -> bool:
    return access is Access.WRITE or access is command.needs


def _version(question: Question) -> Reply:
    fields: Fields = {"CGMiner": question.version, "API": API_VERSION}
    return one(22, "CGMiner versions", "VERSION", fields)


def _config(question: Question) -> Reply:
    fields = sections.config(question.shot, question.strategy, system())
    return one(33, "CGMiner config", "CONFIG", fields)


def _summary(question: Question) -> Reply:
    return one(11, "Summary", "SUMMARY", sections.summary(question.shot))


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
    return success(code, message, Section(name, items)) if items else none


def _stats(question: Question) -> Reply:
    return success(70, "CGMiner stats", Section("STATS", sections.stats(question.shot)))


def _coin(question: Question) -> Reply:
    return one(78, "CGMiner coin", "COIN", sections.coin(question.shot))


def _lcd(question: Question) -> Reply:
    return one(125, "LCD", "LCD", sections.lcd(question.shot))


def _asc_count(question: Question) -> Reply:
    return one(104, "ASC count", "ASCS", {"Count": len(question.shot.devices)})


def _pga_count(_question: Question) -> Reply:
    return one(59, "PGA count", "PGAS", {"Count": 0})


def _asc(question: Question) -> Reply:
    items = sections.devices(question.shot)
    found = device_in(question.parameter, len(items))
    if isinstance(found, Reply):
        return found
    return one(106, f"ASC{found}", "ASC", items[found])


def _check(question: Question) -> Reply:
    name = question.parameter
    if not name:
        return error(71, "Missing check cmd")
    command = COMMANDS.get(name)
    fields: Fields = {
        "Exists": "Y" if command else "N",
        "Access": "Y" if command and _may(question.access, command) else "N",
    }
    return one(72, "Check command", "CHECK", fields)


def _privileged(_question: Question) -> Reply:
    return success(46, "Privileged access OK")


def _quit(question: Question) -> Reply:
    question.desk.quit(question.who)
    return success(42, "BYE")


def _pause(question: Question) -> Reply:
    question.desk.pause(question.who)
    return success(130, "Paused")


def _resume(question: Question) -> Reply:
    question.desk.resume(question.who)
    return success(131, "Resumed")


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
    "switchpool": _write(pool_changes.switch_pool),
    "enablepool": _write(pool_changes.enable_pool),
    "disablepool": _write(pool_changes.disable_pool),
    "poolpriority": _write(pool_changes.pool_priority),
    "addpool": _write(pool_changes.add_pool),
    "removepool": _write(pool_changes.remove_pool),
    "poolquota": _write(pool_changes.pool_quota),
    "pooldifficulty": _write(pool_changes.pool_difficulty),
    "ascenable": _write(device_changes.asc_enable),
    "ascdisable": _write(device_changes.asc_disable),
    "ascset": _write(device_changes.asc_set),
    "setconfig": _write(device_changes.set_config),
    "pause": _write(_pause),
    "resume": _write(_resume),
    "quit": _write(_quit),
}
"""cgminer's by their names there; pause, resume and pooldifficulty are ours."""
