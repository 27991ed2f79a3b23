"""When a GPU has to rest: judged from one reading after another, without asking anybody."""

from collections.abc import Iterator

from stampmill.core.backends.opencl.nvml import Process, Reading
from stampmill.core.backends.options import GpuManners

BUSY_LOAD = 5
"""Per cent of a card's cores: a desktop at rest stays below, who computes or plays is above."""
COOLER_BY = 5.0
"""Degrees below the limit at which a card goes on."""
LESS_POWER = 0.9
"""Of the limit, at which a card goes on."""
OWN_MEMORY = 512 << 20
"""Bytes that a driver may take for our context: with less left it is not worth a try."""
_SETTLED = 2
"""Readings at rest after which the load of a card holds nothing of ours."""


class Judge:
    """Judges one card. Times are monotonic seconds."""

    def __init__(self, manners: GpuManners) -> None:
        self._manners = manners
        self._computing: frozenset[int] | None = None
        self._user = ""
        self._used_at: float | None = None
        self._hot = False
        self._over_at: float | None = None
        self._rests = 0
        """Readings in a row at rest."""

    def why_rest(self, reading: Reading, now: float) -> str:
        """Return what the card has to rest for; nothing: it may work."""
        why = "; ".join(self._reasons(reading, now))
        self._rests = self._rests + 1 if why else 0
        return why

    def _reasons(self, reading: Reading, now: float) -> Iterator[str]:
        if self._manners.polite and self._is_used(reading, now):
            yield f"another process uses it{self._user}"
        if self._is_hot(reading.temperature):
            yield f"{reading.temperature:g} C, the limit is {self._manners.temperature_limit:g}"
        if self._draws_too_much(reading.power, now):
            yield f"it drew more than {self._manners.power_limit:g} W"

    def _is_used(self, reading: Reading, now: float) -> bool:
        user = self._find_user(reading)
        if user is not None:
            self._used_at, self._user = now, user
        delay = self._manners.resume_delay
        if self._used_at is not None and now - self._used_at >= delay:
            self._used_at = None
        return self._used_at is not None

    def _find_user(self, reading: Reading) -> str | None:
        """Return who uses the card, as far as is known; None: nobody."""
        others = reading.others or ()
        computing = frozenset(each.pid for each in others if each.computes)
        # Who has just come is about to want the card; who was there before us may be idle.
        come = frozenset() if self._computing is None else computing - self._computing
        self._computing = computing
        for process in others:
            if _works(process) or process.pid in come:
                return f": {process.name or 'process'} ({process.pid})"
        at_rest = self._rests >= _SETTLED
        if at_rest and reading.load is not None and reading.load >= BUSY_LOAD:
            return ""
        if self._rests and reading.free_memory is not None and reading.free_memory < OWN_MEMORY:
            return ", or its memory"
        return None

    def _is_hot(self, temperature: float | None) -> bool:
        limit = self._manners.temperature_limit
        if limit is None or temperature is None:
            return False
        if temperature >= limit:
            self._hot = True
        elif temperature <= limit - COOLER_BY:
            self._hot = False
        return self._hot

    def _draws_too_much(self, power: float | None, now: float) -> bool:
        limit = self._manners.power_limit
        if limit is None or power is None:
            return False
        if power >= limit:
            self._over_at = now
            return True
        # At rest a card draws little at once: only the delay keeps it from going to and fro.
        waited = self._over_at is None or now - self._over_at >= self._manners.resume_delay
        if waited and power <= LESS_POWER * limit:
            self._over_at = None
        return self._over_at is not None


def _works(process: Process) -> bool:
    if process.load is None:
        return process.computes
    return process.load >= BUSY_LOAD
