"""What `stampmill bench tune` found on this host: a device's fastest kernels.

The file is `$XDG_CACHE_HOME/stampmill/tune.json`, with one entry a device. An entry holds for the
driver and the build that it was measured with; of others it says nothing. Kernels that were built
on this host and won are files beside it.
"""

import logging
import os
import platform
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

import msgspec

_log = logging.getLogger("stampmill.tuning")

_FORMAT = 1
_LIBRARY = "kernel-{}.so"
_CPUINFO = Path("/proc/cpuinfo")
# More than one processor takes there, and less than a large machine's hundreds do.
_CPUINFO_START = 8192


@dataclass(frozen=True, slots=True)
class Device:
    """What an order was measured on: a CPU's has no driver."""

    name: str
    driver: str
    build: str


class Variant(msgspec.Struct, frozen=True):
    """A C kernel that a sweep built on this host: a file beside tune.json, as `keep` names it."""

    name: str
    file: str
    sha256: str
    point: tuple[tuple[str, int], ...]
    """What it was generated with."""
    max_versions: int = 0
    """The most versions that it is worth having, where that was swept; 0: all that it takes."""


class Tuned(msgspec.Struct, frozen=True):
    """A device's entry. `order` names kernels, fastest first; of an OpenCL device all shapes."""

    driver: str
    build: str
    measured_at: str  # ISO 8601, UTC
    order: tuple[str, ...]
    hashes_per_second: dict[str, dict[str, float]]  # by kernel and number of versions
    shapes: tuple[dict[str, int | bool], ...] = ()
    """Of an OpenCL device: the kernel's shape for each number of versions."""
    launch_milliseconds: float | None = None
    variants: tuple[Variant, ...] = ()
    """Of a CPU: kernels in `order` that are not in the build."""


class BoardSetting(msgspec.Struct, frozen=True):
    """Where an ASIC board did best: its clock in MHz, its core voltage where that can be set."""

    kind: str
    goal: str
    measured_at: str  # ISO 8601, UTC
    mhz: float
    volts: float | None
    hashes_per_second: float
    error_ratio: float
    watts: float | None = None
    celsius: float | None = None


class _File(msgspec.Struct, frozen=True):
    format: int
    devices: dict[str, Tuned] = {}
    boards: dict[str, BoardSetting] = {}


def cpu(build: str) -> Device:
    """Return this host's CPU; `build` tells one build of the kernels from another."""
    return Device(f"cpu {_cpu_model()}", "", build)


def order(device: Device, environ: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """Return the names of a device's kernels, fastest first, or none where nothing is known.

    A file that is broken, or of another build, is passed over with one line in the log.
    """
    tuned = entry(device, environ)
    return tuned.order if tuned else ()


def entry(device: Device, environ: Mapping[str, str] = os.environ) -> Tuned | None:
    """Return all that is known of a device; see `order`."""
    file = path(environ)
    return _entry(file, device) if file else None


def remember(device: Device, tuned: Tuned, environ: Mapping[str, str] = os.environ) -> Path:
    """Put a device's entry into the file, and return its path. Raise OSError if that fails."""
    file = _where(environ)
    known = _known(file)
    devices = {**known.devices, device.name: tuned}
    _write(file, _encoded(_File(_FORMAT, devices, known.boards)))
    _entry.cache_clear()
    wanted = {variant.file for each in devices.values() for variant in each.variants}
    for other in file.parent.glob(_LIBRARY.format("*")):
        if other.name not in wanted:
            other.unlink(missing_ok=True)
    return file


def board(key: str, environ: Mapping[str, str] = os.environ) -> BoardSetting | None:
    """Return where a board did best, by its serial number or else its name; None: not known."""
    file = path(environ)
    if file is None:
        return None
    try:
        return _read(file).boards.get(key)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        _ignored(file, str(error))
        return None


def remember_board(
    key: str, setting: BoardSetting, environ: Mapping[str, str] = os.environ
) -> Path:
    """Put a board's setting into the file, and return its path. Raise OSError if that fails."""
    file = _where(environ)
    known = _known(file)
    boards = {**known.boards, key: setting}
    _write(file, _encoded(_File(_FORMAT, known.devices, boards)))
    return file


def keep(library: bytes, environ: Mapping[str, str] = os.environ) -> tuple[str, str]:
    """Put a kernel's shared object beside the file; return a variant's `file` and `sha256`.

    What no entry names goes with the next `remember`. Raise OSError if it cannot be written.
    """
    digest = sha256(library).hexdigest()
    name = _LIBRARY.format(digest[:16])
    _write(_where(environ).parent / name, library)
    return name, digest


def library(variant: Variant, environ: Mapping[str, str] = os.environ) -> Path | None:
    """Return where a variant's shared object is; None where it is not what was kept."""
    file = path(environ)
    if file is None or Path(variant.file).name != variant.file:
        return None
    with suppress(OSError):
        found = file.parent / variant.file
        if sha256(found.read_bytes()).hexdigest() == variant.sha256:
            return found
    return None


def path(environ: Mapping[str, str] = os.environ) -> Path | None:
    """Return where the file is or would be; None if nothing says where caches go."""
    if cache_home := environ.get("XDG_CACHE_HOME"):
        return Path(cache_home, "stampmill", "tune.json")
    home = environ.get("HOME") or environ.get("USERPROFILE")
    return Path(home, ".cache", "stampmill", "tune.json") if home else None


def _where(environ: Mapping[str, str]) -> Path:
    file = path(environ)
    if file is None:
        raise FileNotFoundError("neither XDG_CACHE_HOME nor HOME is set")
    return file


def _write(file: Path, content: bytes) -> None:
    """Write it whole or not at all, whoever else writes."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_suffix(f".{os.getpid()}")
    draft.write_bytes(content)
    draft.replace(file)


@cache
def _entry(file: Path, device: Device) -> Tuned | None:
    try:
        tuned = _read(file).devices.get(device.name)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        _ignored(file, str(error))
        return None
    if tuned is not None and (tuned.driver, tuned.build) != (device.driver, device.build):
        _ignored(file, f"measured at {tuned.measured_at} with another build")
        return None
    return tuned


def _ignored(file: Path, reason: str) -> None:
    cure = "stampmill bench tune"
    _log.warning("tuning ignored: file=%s reason=%s cure=%s", file, reason, cure)


def _known(file: Path) -> _File:
    """Return what the file holds as far as it can be read: a broken one is written anew."""
    with suppress(OSError, ValueError):
        return _read(file)
    return _File(_FORMAT)


def _encoded(content: _File) -> bytes:
    return msgspec.json.format(msgspec.json.encode(content), indent=1)


def _read(file: Path) -> _File:
    """Return the file's content; raise OSError or ValueError."""
    content = msgspec.json.decode(file.read_bytes(), type=_File)
    if content.format != _FORMAT:
        raise ValueError(f"its format is {content.format}, ours {_FORMAT}")
    return content


def _cpu_model() -> str:
    fields = _first_processor()
    name = fields.get("model name", platform.processor() or platform.machine())
    # Virtual machines, and all of ARM, leave the name vague.
    numbers = [fields.get(key, "") for key in ("cpu family", "model", "stepping")]
    numbers += [fields.get(key, "") for key in ("CPU implementer", "CPU part", "CPU variant")]
    return " ".join([name, *filter(None, numbers)])


def _first_processor() -> dict[str, str]:
    text = ""
    with suppress(OSError), _CPUINFO.open(encoding="utf-8") as file:
        text = file.read(_CPUINFO_START)
    pairs = (line.partition(":") for line in text.split("\n\n")[0].splitlines())
    return {key.strip(): value.strip() for key, _, value in pairs}
