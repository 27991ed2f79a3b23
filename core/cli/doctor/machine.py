"""Checks of the machine: kernels, compiler, clock, folders and ports."""

import ctypes
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from stampmill.core import tuning
from stampmill.core.backends.info import BackendInfo
from stampmill.core.cli.doctor.finding import Finding, Grade, bad, doubtful, well
from stampmill.core.cli.options import listen_address
from stampmill.core.operate.ports import why_not
from stampmill.core.settings import MineSettings

COMPILERS = ("cc", "gcc", "clang")
_TIME_ERROR = 5
"""What adjtimex(2) returns while the clock is not synchronised."""
_TIMEX_BYTES = 256
"""More than any system's struct timex."""


def kernels(backends: Sequence[BackendInfo]) -> Iterator[Finding]:
    """Tell which kernels there are; without the C extension it is slow."""
    usable = {backend.name: backend for backend in backends if not backend.why_not}
    if "cpu" in usable:
        names = [kernel.name for kernel in usable["cpu"].kernels if not kernel.why_not]
        yield well("kernels", ", ".join(names))
        return
    why = next((backend.why_not for backend in backends if backend.name == "cpu"), "")
    text = f"the C kernels are not there: {why}"
    compiler = next(filter(shutil.which, COMPILERS), None)
    build = "make native" if compiler else "install a C compiler (Debian: apt install gcc), then "
    build += "" if compiler else "make native"
    if "numba" in usable:
        yield doubtful("kernels", f"{text}; Numba's is used", build)
    else:
        cure = f"{build}, or pip install 'stampmill[numba]'"
        yield bad("kernels", f"{text}; what is left is a thousand times slower", cure)


def clock() -> Finding:
    """Tell whether something keeps the clock right: headers and TLS both need it."""
    try:
        state = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    except (AttributeError, OSError, TypeError):
        return Finding("clock", Grade.LEFT_OUT, f"cannot be told on {sys.platform}")
    if state == _TIME_ERROR:
        text = "nothing keeps the clock synchronised"
        return doubtful("clock", text, "timedatectl set-ntp true, or install chrony")
    return well("clock", "synchronised")


def folders(settings: MineSettings) -> Iterator[Finding]:
    """Tell whether what a run writes can be written."""
    wanted: list[tuple[str, Path | None]] = [
        ("audit log", settings.audit_log.parent if settings.audit_log else None),
        ("tuning cache", cache.parent if (cache := tuning.path()) else None),
        ("block folder", Path(settings.solo.block_dir) if settings.solo.block_dir else None),
    ]
    for name, folder in wanted:
        if folder is not None:
            yield _folder(name, folder.expanduser())


def ports(settings: MineSettings) -> Iterator[Finding]:
    """Tell whether the ports that are to be listened on can be had."""
    surfaces = settings.surfaces
    for name, place in (("cgminer API", surfaces.api_listen), ("HTTP", surfaces.http_listen)):
        if place is not None:
            yield _port(name, *listen_address(place))


def _port(name: str, host: str, port: int) -> Finding:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.create_server((host, port), family=family):
            return well(f"port of {name}", f"{host}:{port} is free")
    except OSError as error:
        cure = "end it, or choose another port; a run goes on without it"
        return bad(f"port of {name}", why_not(error, host, port), cure)


def _folder(name: str, folder: Path) -> Finding:
    """Try it, in the nearest folder that exists: the others are made when they are needed."""
    there = next((each for each in (folder, *folder.parents) if each.exists()), folder)
    try:
        with tempfile.TemporaryFile(dir=there):
            return well(name, f"{folder} can be written")
    except OSError as error:
        cure = f"give user {os.getuid()} the right to write there, or name another folder"
        return bad(name, f"{folder}: {error.strerror}", cure)
