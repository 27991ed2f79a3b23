"""`stampmill bench`: how right and how fast the kernels are, and what the whole path costs."""

from stampmill.core.cli.bench.command import add_to

__all__ = ["add_to"]
