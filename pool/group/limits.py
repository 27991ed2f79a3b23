"""What a pool must deliver to be mined on, and for how long it must have done so."""

from dataclasses import dataclass, replace

from stampmill.core.settings import GroupSettings


@dataclass(frozen=True, slots=True)
class GroupLimits:
    """Times are seconds."""

    first_job: float = 10.0
    """To be without a job for so long after dialling opens the next pool."""
    stuck: float = 300.0
    """The same job for so long: the slowest known servers send one a minute."""
    same_tip: float = 9000.0
    """The same previous block for so long: one in three million gaps between blocks is longer."""
    rejects: int = 20
    """So many rejected shares in a row, and none accepted between."""
    stable: float = 60.0
    """How long a pool of higher rank has to have had jobs before it is taken back; doubled each
    time that it had to be left for what it delivered."""
    most_stable: float = 3600.0
    late: float = 2.0
    """How long a pool that is left still gets what devices had begun to search for it."""
    drain: float = 10.0
    """How long open submits of a pool that is left may take, after that."""
    rest: float = 60.0
    """How long a pool that was left for what it delivered is not dialled."""
    slice: float = 10.0
    """How long a pool is mined on at a time when the load is balanced."""


def limits_for(settings: GroupSettings) -> GroupLimits:
    """Return the limits with what the user wants otherwise."""
    usual = GroupLimits()
    return replace(
        usual,
        first_job=settings.first_job or usual.first_job,
        stuck=settings.stuck or usual.stuck,
        rejects=settings.rejects or usual.rejects,
        stable=settings.stable or usual.stable,
    )
