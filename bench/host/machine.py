"""The machine and the commit that a result was measured on: by kind, never by name."""

import os
import platform
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_CPUINFO = Path("/proc/cpuinfo")
_OS_RELEASE = Path("/etc/os-release")
_GOVERNOR = "/sys/devices/system/cpu/cpu{}/cpufreq/scaling_governor"
_SOURCE = Path(__file__).resolve().parents[2]

Facts = dict[str, object]


def machine_info() -> Facts:
    """Return pytest-benchmark's machine_info without the host's name."""
    return {
        "machine": platform.machine(),
        "system": platform.system(),
        "release": platform.release(),
        "os": _os_name(),
        "python_implementation": platform.python_implementation(),
        "python_version": platform.python_version(),
        "python_compiler": platform.python_compiler(),
        "cpu": cpu_info(),
    }


def cpu_info() -> Facts:
    """Return the CPU's model, how many of it this process may use, and whether it is virtual."""
    fields = first_processor()
    return {
        "brand_raw": fields.get("model name", platform.processor() or platform.machine()),
        "family": fields.get("cpu family", fields.get("CPU architecture", "")),
        "model": fields.get("model", fields.get("CPU part", "")),
        "arch": platform.machine(),
        "count": len(usable_cpus()),
        "virtual": "hypervisor" in fields.get("flags", "").split(),
        "governor": governor(),
    }


def first_processor() -> dict[str, str]:
    """Return what /proc/cpuinfo says of one CPU, or nothing where there is no such file."""
    fields: dict[str, str] = {}
    with suppress(OSError):
        for line in _CPUINFO.read_text().split("\n\n")[0].splitlines():
            key, _, value = line.partition(":")
            fields[key.strip()] = value.strip()
    return fields


def commit_info() -> Facts:
    """Return pytest-benchmark's commit_info for the checkout this runs from, if it is one."""
    identity = _git("rev-parse", "HEAD")
    return {
        "id": identity or "unversioned",
        "time": _git("show", "-s", "--format=%cI") if identity else None,
        "dirty": bool(_git("status", "--porcelain", "--untracked-files=no")) if identity else False,
        "project": "stampmill",
    }


def usable_cpus() -> tuple[int, ...]:
    """Return the CPUs that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return tuple(sorted(os.sched_getaffinity(0)))
    return tuple(range(os.cpu_count() or 1))


@contextmanager
def pinned(cpu: int) -> Iterator[bool]:
    """Keep the calling thread on one CPU; yields whether the system can do that."""
    if not hasattr(os, "sched_setaffinity"):
        yield False
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {cpu})
    try:
        yield True
    finally:
        os.sched_setaffinity(0, before)


def governor(cpu: int = 0) -> str | None:
    """Return the frequency governor's name, or None where the system shows none."""
    with suppress(OSError):
        return Path(_GOVERNOR.format(cpu)).read_text().strip()
    return None


def load() -> float | None:
    """Return the one-minute load average: above 0 on an idle machine means that it is shared."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None


def describe(info: Facts) -> str:
    """Return one line for people from a result's machine_info."""
    cpu = info.get("cpu")
    facts = cpu if isinstance(cpu, dict) else {}
    virtual = ", virtual machine" if facts.get("virtual") else ""
    return f"{facts.get('brand_raw')}, {facts.get('count')} CPUs{virtual}, {info.get('os')}"


def _os_name() -> str:
    with suppress(OSError):
        for line in _OS_RELEASE.read_text().splitlines():
            if line.startswith("PRETTY_NAME="):
                return line.partition("=")[2].strip('"')
    return platform.platform(terse=True)


def _git(*arguments: str) -> str:
    if not (_SOURCE / ".git").exists():
        return ""
    with suppress(OSError, subprocess.SubprocessError):
        command = ("git", "-C", str(_SOURCE), *arguments)
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603  fixed arguments
    return ""
