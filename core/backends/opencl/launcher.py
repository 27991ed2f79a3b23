"""Launches on one device, through one queue: two of these keep a device busy."""

import struct
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple

from stampmill.core.backends.base import BackendError
from stampmill.core.backends.opencl.device import Built, OpenDevice
from stampmill.core.backends.opencl.kernel import Found, Group
from stampmill.core.errors import NoDeviceError
from stampmill.kernels.opencl.code import SLOTS, Shape

WAVES = 8
"""Work-groups for each compute unit, in a launch that is long enough for so many."""
WAIT_SHARE = 0.9
"""Of the time a launch is likely to take, what is slept before its event is looked at.

Drivers of NVIDIA's spin a core in their own waits (openwall/john pull 5044)."""
SHORTEST_NAP, LONGEST_NAP = 50e-6, 1e-3
"""Seconds between two looks."""

_WORD = struct.Struct("<I")


class _Held(NamedTuple):
    """What a launcher has on the device."""

    queue: Any
    found: Any
    kernels: dict[int, tuple[Shape, Any]]


class DeviceLauncher:
    """Has its own queue, buffer and kernels, from the first launch on; for a thread at a time."""

    def __init__(self, device: OpenDevice, sleep: Callable[[float], None] = time.sleep) -> None:
        self._device, self._cl, self._sleep = device, device.cl, sleep
        self._held: _Held | None = None
        self._counter = bytearray(4)
        self._seconds_per_hash = 0.0

    def take(self) -> None:
        """Have it now, not at the first launch; raise NoDeviceError where that cannot be."""
        try:
            self._held = self._held or self._taken()
        except self._cl.Error as error:
            raise NoDeviceError(self._said(error)) from error

    def run(self, groups: tuple[Group, ...], first: int, last: int) -> Found:
        """Launch and wait; raise BackendError if the device fails."""
        try:
            held = self._held = self._held or self._taken()
            return self._run(held, groups, first, last)
        except self._cl.Error as error:
            raise BackendError(self._said(error)) from error
        except NoDeviceError as error:
            raise BackendError(str(error)) from error

    def let_go(self) -> None:
        """Free all that it has on the device."""
        held, self._held = self._held, None
        if held is not None:
            # OpenCL frees a thing with its last reference: these have to go before the context.
            with suppress(self._cl.Error):  # of a device that is gone
                held.found.release()
            held.kernels.clear()
            del held
            self._device.give_back()

    def _said(self, error: Exception) -> str:
        return f"{self._device.info.label} {self._device.info.name}: {error}"

    def _taken(self) -> _Held:
        built = self._device.take()
        try:
            return self._opened(built)
        except self._cl.Error:
            self._device.give_back()
            raise

    def _opened(self, built: Built) -> _Held:
        cl = self._cl
        profiling = cl.command_queue_properties.PROFILING_ENABLE
        queue = cl.CommandQueue(built.context, properties=profiling)
        kernels = {
            versions: (shape, cl.Kernel(program, "search"))
            for versions, (shape, program) in built.programs.items()
        }
        size = 4 * (1 + 2 * SLOTS)
        held = _Held(queue, cl.Buffer(built.context, cl.mem_flags.READ_WRITE, size), kernels)
        self._clear(held)
        return held

    def _run(self, held: _Held, groups: tuple[Group, ...], first: int, last: int) -> Found:
        events = [self._launch(held, group, first, last) for group in groups]
        read = self._cl.enqueue_copy(held.queue, self._counter, held.found, is_blocking=False)
        held.queue.flush()
        hashes = (last - first + 1) * sum(group.versions for group in groups)
        self._await(read, self._seconds_per_hash * hashes)
        seconds = sum(event.profile.end - event.profile.start for event in events) * 1e-9
        self._seconds_per_hash = seconds / hashes
        (total,) = _WORD.unpack(self._counter)
        return Found(total, self._hits(held, min(total, SLOTS)) if total else [], seconds)

    def _launch(self, held: _Held, group: Group, first: int, last: int) -> Any:
        shape, kernel = held.kernels[group.versions]
        items, rounds = self._size(shape, last - first + 1)
        numbers = (first, last, rounds, group.first, shape.turns, 1)
        kernel.set_args(group.words, *map(_WORD.pack, numbers), held.found)
        return self._cl.enqueue_nd_range_kernel(held.queue, kernel, (items,), (shape.group,))

    def _size(self, shape: Shape, nonces: int) -> tuple[int, int]:
        """Return work-items, in whole groups, and rounds: as little beyond the range as can be."""
        per_group = shape.group * shape.width
        groups = -(-nonces // per_group)
        most = self._device.info.handle.max_compute_units * WAVES
        rounds = -(-groups // most)
        return -(-groups // rounds) * shape.group, rounds

    def _await(self, event: Any, expected: float) -> None:
        complete = self._cl.command_execution_status.COMPLETE
        self._sleep(expected * WAIT_SHARE)
        nap = min(max(expected / 32, SHORTEST_NAP), LONGEST_NAP)
        # A negative status is the error of what was waited for: wait() raises it.
        while (status := event.command_execution_status) > complete:
            self._sleep(nap)
        if status < complete:
            event.wait()

    def _hits(self, held: _Held, count: int) -> list[tuple[int, int]]:
        words = bytearray(4 * (1 + 2 * count))
        self._cl.enqueue_copy(held.queue, words, held.found, is_blocking=True)
        self._clear(held)
        values = struct.unpack_from(f"<{2 * count}I", words, 4)
        return list(zip(values[::2], values[1::2], strict=True))

    def _clear(self, held: _Held) -> None:
        self._cl.enqueue_copy(held.queue, held.found, bytes(4), is_blocking=True)
