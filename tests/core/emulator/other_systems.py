"""Imports every module of boards and emulators as if POSIX's modules were not there; a program."""

import importlib
import pkgutil
import sys

SAID = (
    "an emulated board needs a pseudo-terminal, which this system does not have: emulate it on "
    "Linux or macOS\n"
)

_MISSING = ("termios", "fcntl", "tty", "pty", "pwd", "grp", "resource")
_PACKAGES = ("stampmill.core.emulator", "stampmill.core.backends.asic")
_COMMANDS = ("stampmill.core.cli.emulate", "stampmill.core.cli.devices")


def main() -> None:
    sys.modules |= dict.fromkeys(_MISSING)
    for package in map(importlib.import_module, _PACKAGES):
        for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            importlib.import_module(module.name)
    for name in _COMMANDS:
        importlib.import_module(name)
    pty = importlib.import_module("stampmill.core.emulator.line.pty")
    try:
        pty.PseudoTerminal()
    except Exception as error:
        print(error)


if __name__ == "__main__":
    main()
