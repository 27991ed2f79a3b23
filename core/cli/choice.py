"""Which backends a run mines with, and with what options."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from stampmill.core.backends import registry
from stampmill.core.backends.options import BackendOptions, CpuPriority, GpuManners
from stampmill.core.backends.registry import Choice
from stampmill.core.errors import UsageError
from stampmill.core.settings import GpuSettings, MineSettings

BOARDS = "asic"
"""The backend whose devices are named by their ports."""

INTENSITIES = {"interactive": 10.0, "dedicated": 100.0}
"""Milliseconds of a launch: beside a desktop that must not stutter, and alone."""


def choose_backends(settings: MineSettings) -> tuple[Choice, ...]:
    """Return what the devices say, or the backend, or the best here.

    Raise UsageError for settings that contradict each other, NoDeviceError for what is not there.
    """
    options = BackendOptions(
        settings.threads,
        settings.pin_threads,
        CpuPriority(settings.cpu_priority),
        settings.kernel,
        gpu=_manners(settings.gpu),
    )
    if settings.intensity is not None:
        options = replace(options, intensity=milliseconds(settings.intensity))
    if settings.devices:
        return tuple(_choices(settings, options))
    if settings.backend is not None:
        return (Choice(settings.backend, options),)
    return (registry.choose_default(options),)


def milliseconds(intensity: str) -> float:
    """Return how long a launch takes; raise UsageError for no number and no preset."""
    try:
        return INTENSITIES.get(intensity) or float(intensity)
    except ValueError:
        presets = ", ".join(INTENSITIES)
        raise UsageError(
            f"intensity: '{intensity}' is neither milliseconds nor {presets}"
        ) from None


def _manners(said: GpuSettings) -> GpuManners:
    delay = said.resume_delay or GpuManners().resume_delay
    return GpuManners(said.polite, said.temperature_limit, said.power_limit, delay)


def _choices(settings: MineSettings, options: BackendOptions) -> Iterator[Choice]:
    if settings.backend is not None:
        raise UsageError("device and backend: say one of them")
    for name, indices in _by_backend(settings.devices).items():
        if name == BOARDS:
            yield from _boards(settings, options, indices)
        elif not any(indices):
            yield Choice(name, options)
        elif all(indices) and settings.kernel is None:
            yield Choice(name, replace(options, kernel=f"{name}:{','.join(indices)}"))
        elif settings.kernel is not None:
            raise UsageError(
                f"kernel '{settings.kernel}' and device '{name}:{indices[0]}': say one"
            )
        else:
            raise UsageError(f"device '{name}' is all of them: say {name}, or {name}:N for some")


def _boards(
    settings: MineSettings, options: BackendOptions, ports: Sequence[str]
) -> Iterator[Choice]:
    """Choose a backend for each board, or for all that are found; they have no kernels."""
    if any(ports) and not all(ports):
        raise UsageError("device 'asic' is all boards: say asic, or asic:PATH for some")
    # Who names no port alone has USB looked at.
    from stampmill.core.backends.asic.link.discovery import names_here  # noqa: PLC0415

    for port in dict.fromkeys(ports) if all(ports) else names_here():
        yield Choice(BOARDS, replace(options, kernel=None, port=port, asic=settings.asic))


def _by_backend(devices: Sequence[str]) -> dict[str, list[str]]:
    backends: dict[str, list[str]] = {}
    for device in devices:
        name, _, index = device.partition(":")
        if index and name != BOARDS and not index.isdecimal():
            raise UsageError(f"no device '{device}': write opencl:0, and repeat it for more")
        backends.setdefault(name, []).append(index)
    return backends
