"""A device in use: its context and programs, which can be given back and had again."""

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from stampmill.core.backends.kept import cache_folder
from stampmill.core.backends.opencl.listing import DeviceInfo
from stampmill.core.backends.opencl.programs import build, has_cache_of_its_own
from stampmill.core.errors import NoDeviceError
from stampmill.kernels.opencl.code import Shape

_log = logging.getLogger("stampmill.opencl")


@dataclass(frozen=True, slots=True)
class Built:
    """A context on the device, and a shape with its program for each number of versions."""

    context: Any
    programs: Mapping[int, tuple[Shape, Any]]


class OpenDevice:
    """Builds the programs when somebody wants them, and lets go of all when nobody does.

    A driver keeps hundreds of megabytes of a GPU's memory for a context: only without one is the
    device as free as if nobody mined. Callable from any thread.
    """

    def __init__(self, cl: Any, info: DeviceInfo, shapes: Mapping[int, Shape]) -> None:
        self.cl, self.info = cl, info
        self.shapes = dict(shapes)
        self._lock = threading.Lock()
        self._built: Built | None = None
        self._users = 0

    def take(self) -> Built:
        """Return what is built, after building it if need be; raise NoDeviceError."""
        with self._lock:
            self._built = self._built or self._open()
            self._users += 1
            return self._built

    def give_back(self) -> None:
        """Undo one `take`: the last one lets go of the context and the programs."""
        with self._lock:
            self._users -= 1
            if not self._users:
                self._built = None

    def _open(self) -> Built:
        # PoCL keeps what it compiled: asked for a binary, it would compile everything once more.
        cache = None if has_cache_of_its_own(self.info) else cache_folder()
        try:
            context = self.cl.Context([self.info.handle])
        except self.cl.Error as error:
            raise NoDeviceError(f"{self.info.label} {self.info.name}: {error}") from error
        programs = {
            versions: self._program(context, shape, cache)
            for versions, shape in self.shapes.items()
        }
        self.shapes = {versions: shape for versions, (shape, _) in programs.items()}
        return Built(context, programs)

    def _program(self, context: Any, shape: Shape, cache: Path | None) -> tuple[Shape, Any]:
        """Build a program, without inline PTX if the driver will not have that."""
        try:
            return shape, build(self.cl, context, self.info, shape, cache)
        except NoDeviceError as error:
            if not shape.multiply_to_add:
                raise
            _log.warning("built without inline PTX: device=%s error=%s", self.info.label, error)
        return self._program(context, replace(shape, multiply_to_add=False), cache)
