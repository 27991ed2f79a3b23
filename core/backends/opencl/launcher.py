"""Launches on one device, through one queue: two of these keep a device busy."""

import struct
import time
from collections.abc import Callable, Mapping
from typing import Any

from stampmill.core.backends.base import BackendError
from stampmill.core.backends.opencl.kernel import Found, Group
from stampmill.core.backends.opencl.listing import DeviceInfo
from stampmill.kernels.opencl.code import SLOTS, Shape

WAVES = 8
"""Work-groups for each compute unit, in a launch that is long enough for so many."""
WAIT_SHARE = 0.9
"""Of the time a launch is likely to take, what is slept before its event is looked at.

Drivers of NVIDIA's spin a core in their own waits (openwall/john pull 5044)."""
SHORTEST_NAP, LONGEST_NAP = 50e-6, 1e-3
"""Seconds between two looks."""

_WORD = struct.Struct("<I")


class DeviceLauncher:
    """Has its own queue, buffer and kernels; for one thread at a time.

    `programs` holds a shape and its built program for each number of versions.
    """

    def __init__(
        self,
        cl: Any,
        context: Any,
        device: DeviceInfo,
        programs: Mapping[int, tuple[Shape, Any]],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._cl, self._device, self._sleep = cl, device, sleep
        self._queue = cl.CommandQueue(
            context, properties=cl.command_queue_properties.PROFILING_ENABLE
        )
        self._kernels = {
            versions: (shape, cl.Kernel(program, "search"))
            for versions, (shape, program) in programs.items()
        }
        self._found = cl.Buffer(context, cl.mem_flags.READ_WRITE, 4 * (1 + 2 * SLOTS))
        self._counter = bytearray(4)
        self._seconds_per_nonce = 0.0
        self._clear()

    def run(self, groups: tuple[Group, ...], first: int, last: int) -> Found:
        """Launch and wait; raise BackendError if the device fails."""
        try:
            return self._run(groups, first, last)
        except self._cl.Error as error:
            raise BackendError(f"{self._device.label} {self._device.name}: {error}") from error

    def _run(self, groups: tuple[Group, ...], first: int, last: int) -> Found:
        events = [self._launch(group, first, last) for group in groups]
        read = self._cl.enqueue_copy(self._queue, self._counter, self._found, is_blocking=False)
        self._queue.flush()
        self._await(read, self._seconds_per_nonce * (last - first + 1))
        seconds = sum(event.profile.end - event.profile.start for event in events) * 1e-9
        self._seconds_per_nonce = seconds / (last - first + 1)
        (total,) = _WORD.unpack(self._counter)
        return Found(total, self._hits(min(total, SLOTS)) if total else [], seconds)

    def _launch(self, group: Group, first: int, last: int) -> Any:
        shape, kernel = self._kernels[group.versions]
        items, rounds = self._size(shape, last - first + 1)
        numbers = (first, last, rounds, group.first, shape.turns, 1)
        kernel.set_args(group.words, *map(_WORD.pack, numbers), self._found)
        return self._cl.enqueue_nd_range_kernel(self._queue, kernel, (items,), (shape.group,))

    def _size(self, shape: Shape, nonces: int) -> tuple[int, int]:
        """Return work-items, in whole groups, and rounds: as little beyond the range as can be."""
        per_group = shape.group * shape.width
        groups = -(-nonces // per_group)
        most = self._device.handle.max_compute_units * WAVES
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

    def _hits(self, count: int) -> list[tuple[int, int]]:
        words = bytearray(4 * (1 + 2 * count))
        self._cl.enqueue_copy(self._queue, words, self._found, is_blocking=True)
        self._clear()
        values = struct.unpack_from(f"<{2 * count}I", words, 4)
        return list(zip(values[::2], values[1::2], strict=True))

    def _clear(self) -> None:
        self._cl.enqueue_copy(self._queue, self._found, bytes(4), is_blocking=True)
