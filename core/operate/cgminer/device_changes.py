"""The commands that change devices."""

from collections.abc import Callable

from stampmill.core.operate.cgminer.question import (
    Question,
    device_in,
    done,
    error,
    information,
    is_index,
    success,
    warning,
)
from stampmill.core.operate.cgminer.reply import Reply

_HELP = (
    "threads,N of all threads of its backend; intensity,MS of OpenCL devices, or a preset's name"
)


def asc_enable(question: Question) -> Reply:
    """Let a device work."""
    return _switch(question, wanted=True)


def asc_disable(question: Question) -> Reply:
    """Let a device rest."""
    return _switch(question, wanted=False)


def asc_set(question: Question) -> Reply:
    """Set a device otherwise: `N,OPTION[,VALUE]`; threads and intensity are its backend's."""
    name, *rest = question.parameter.split(",", 2)
    found = device_in(name, len(question.shot.devices))
    if isinstance(found, Reply):
        return found
    option, value = (*rest, "", "")[:2]
    if not option:
        return error(116, "Missing option after ASC number")
    if option == "help":
        return information(118, f"ASC {found} set help: {_HELP}")
    setters: dict[str, Callable[[], None]] = {
        "threads": lambda: question.desk.set_threads(_count(value), question.who, found),
        "intensity": lambda: question.desk.set_intensity(value, question.who, found),
    }
    if option not in setters:
        return error(120, f"ASC {found} set failed: Unknown option: {option}")
    return done(
        setters[option],
        success(119, f"ASC {found} set OK"),
        lambda why: error(120, f"ASC {found} set failed: {why}"),
    )


def set_config(question: Question) -> Reply:
    """Set all devices otherwise: `threads,N`."""
    name, comma, value = question.parameter.partition(",")
    if not name:
        return error(85, "Missing config parameters 'name,N'")
    if name != "threads":
        return error(83, f"Unknown config '{name}'")
    if not comma or not value:
        return error(86, f"Missing config value N for '{name},N'")
    return done(
        lambda: question.desk.set_threads(_count(value), question.who),
        success(82, f"Set config '{name}' to {value}"),
        lambda why: error(84, f"Invalid number for '{name}': {why}"),
    )


def _switch(question: Question, *, wanted: bool) -> Reply:
    found = device_in(question.parameter, len(question.shot.devices))
    if isinstance(found, Reply):
        return found
    word = "enable" if wanted else "disable"
    if question.shot.devices[found].enabled is wanted:
        return information(108 if wanted else 109, f"ASC {found} already {word}d")
    return done(
        lambda: question.desk.enable_device(found, question.who, wanted=wanted),
        success(110 if wanted else 111, f"ASC {found} {word} set"),
        lambda why: warning(117, f"ASC {found} does not support {word}: {why}"),
    )


def _count(text: str) -> int:
    """Return a count; what is none becomes one that no backend takes."""
    return int(text) if is_index(text, 1 << 31) else 0
