"""Writes the generated sources into a folder: what a build calls.

Needs the standard library only.
"""

from pathlib import Path

from stampmill.kernels.c.code import source
from stampmill.kernels.sets import instruction_set


def write_kernel(name: str, folder: Path) -> Path:
    """Write scan_<name>.c and return its path; a file that would stay the same is left alone.

    Raise GeneratorError if no kernel of this name is generated.
    """
    path, text = folder / f"scan_{name}.c", source(instruction_set(name))
    folder.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
    return path
