"""`stampmill doctor`: is everything there that a run needs, and what to do where it is not."""

from stampmill.core.cli.doctor.command import add_to

__all__ = ["add_to"]
