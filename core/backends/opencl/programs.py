"""Programs for a device: built from the generator's source, or read from the cache.

A cached program is a file of its own (kept.py), named by device, driver, options and source.
"""

import contextlib
import logging
import warnings
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from stampmill.core.backends.kept import read, write
from stampmill.core.backends.opencl.listing import POCL, DeviceInfo
from stampmill.core.errors import NoDeviceError
from stampmill.kernels.opencl.code import Shape, source

OPTIONS = "-cl-std=CL1.2"

_log = logging.getLogger("stampmill.opencl")


def build(cl: Any, context: Any, device: DeviceInfo, shape: Shape, cache: Path | None) -> Any:
    """Return the built program; raise NoDeviceError with the build log's first useful line.

    A driver that will not have a limit of registers gets none.
    """
    try:
        return _built(cl, context, device, shape, cache)
    except NoDeviceError as error:
        if not shape.registers:
            raise
        _log.warning("built without a limit of registers: device=%s error=%s", device.label, error)
    return _built(cl, context, device, replace(shape, registers=0), cache)


def _built(cl: Any, context: Any, device: DeviceInfo, shape: Shape, cache: Path | None) -> Any:
    text, options = source(shape), _options(shape)
    file = cache / f"opencl-{key(device, text, options)}.bin" if cache else None
    if file and (binary := read(file)):
        # A driver may refuse a binary for reasons of its own: then there is the source.
        with contextlib.suppress(cl.Error), warnings.catch_warnings():
            warnings.simplefilter("ignore", cl.CompilerWarning)
            return cl.Program(context, [device.handle], [binary]).build(options)
        _log.warning("cached program refused: device=%s file=%s", device.label, file)
    _log.info("building a program: device=%s name=%s shape=%s", device.label, device.name, shape)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", cl.CompilerWarning)
            program = cl.Program(context, text).build(options, cache_dir=False)
    except cl.Error as error:
        raise NoDeviceError(f"{device.label} {device.name}: {first_error(str(error))}") from error
    if file:
        write(file, program.get_info(cl.program_info.BINARIES)[0])
    return program


def has_cache_of_its_own(device: DeviceInfo) -> bool:
    """Tell whether the driver keeps programs in files that it finds again by their source."""
    return device.platform == POCL


def key(device: DeviceInfo, text: str, options: str = OPTIONS) -> str:
    """Return the name of a program in the cache."""
    parts = (device.platform, device.name, device.driver, options, text)
    return sha256("\0".join(parts).encode()).hexdigest()[:32]


def _options(shape: Shape) -> str:
    # cl_nv_compiler_options hands the number on to NVIDIA's assembler.
    limit = f" -cl-nv-maxrregcount={shape.registers}" if shape.registers else ""
    return OPTIONS + limit


def first_error(log: str) -> str:
    """Return the line of a build log that says what is wrong."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    telling = [line for line in lines if "error" in line.lower()]
    useful = [line for line in telling if ": error" in line] or telling or lines
    return f"the kernel does not build: {useful[0] if useful else 'the driver says nothing'}"
