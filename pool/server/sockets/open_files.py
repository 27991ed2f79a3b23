"""The system's bound on open files, which bounds the connections of a server."""

SPARE = 64
"""Files besides connections: listeners, logs, libraries, the event loop's own."""


def make_room(connections: int) -> int:
    """Raise the process's bound as far as it may be, and return how many of these connections fit.

    A soft limit (`ulimit -n`) may be raised up to the hard one without any right.
    """
    try:
        import resource  # noqa: PLC0415  not everywhere
    except ImportError:
        return connections
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + SPARE
    if soft != resource.RLIM_INFINITY and soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        soft = most
    return connections if soft == resource.RLIM_INFINITY else min(connections, soft - SPARE)
