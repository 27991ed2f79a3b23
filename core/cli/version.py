"""Which stampmill this is."""


def version() -> str:
    """Return the version of what is installed."""
    # Two dozen modules, which most calls need none of.
    from importlib import metadata  # noqa: PLC0415

    return metadata.version("stampmill")
