"""Backends and kernels for people to read: what there is, and why some of it cannot be used."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KernelInfo:
    """A kernel; `why_not` is empty where it can run."""

    name: str
    description: str
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class BackendInfo:
    """A backend; `why_not` is empty where it can run."""

    name: str
    description: str
    why_not: str = ""
    kernels: tuple[KernelInfo, ...] = ()
    takes_kernels: bool = True
    """False for what hashes by itself; else a backend that names none is its own only kernel."""
