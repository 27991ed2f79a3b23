"""Jobs that are bad, stale, lying, or too many."""

from collections import deque
from collections.abc import Iterable
from random import Random

from stampmill.pool.server.chaos.scenario import Said, Scenario, Wire
from stampmill.pool.stratum.fields import FieldError
from stampmill.pool.stratum.json_line import Json
from stampmill.pool.stratum.notifications import Notify

_JOB_ID, _PREVIOUS, _COINBASE1, _COINBASE2, _BRANCH, _VERSION, _NBITS, _NTIME, _CLEAN = range(9)

_SEQUENCE = b"\xff" * 4
"""What ends the coinbase's input."""


class JobScenario(Scenario):
    """Spoils jobs, and lets pass everything else and what another scenario has spoilt."""

    def said(self, line: Said, wire: Wire) -> Iterable[bytes]:
        """Pass jobs to `jobs`."""
        if line.method != "mining.notify" or not _is_sound(line.params):
            return (line.raw,)
        return tuple(self.jobs(line, line.params))

    def jobs(self, line: Said, params: list[Json]) -> Iterable[bytes]:
        """Return the lines that go out in the place of one job."""
        raise NotImplementedError

    def replaced(self, line: Said, place: int, values: tuple[Json, ...]) -> bytes:
        """Return the job with one parameter replaced by any of these."""
        params = line.params
        params[place] = self.random.choice(values)
        return line.changed(params=params)


class BadBranch(JobScenario):
    """Merkle branches that lead nowhere."""

    TEXT = "precedes each job with one whose merkle branch is malformed"

    def jobs(self, line: Said, params: list[Json]) -> Iterable[bytes]:
        """Add a broken copy in front."""
        hash_ = "ab" * 32
        broken: tuple[Json, ...] = (
            [hash_[2:]], [hash_ + "00"], [hash_[1:]], ["zz" * 32], [None], [[hash_]], "x", 7,
            {"0": hash_}, [hash_] * 33, [hash_] * 10_000, [" ".join([hash_[:32], hash_[32:]])],
        )  # fmt: skip
        return (self.replaced(line, _BRANCH, broken), line.raw)


class BadCoinbase(JobScenario):
    """Coinbase parts that no miner should hash."""

    TEXT = "precedes each job with one whose coinbase is odd, huge or no hex"

    def jobs(self, line: Said, params: list[Json]) -> Iterable[bytes]:
        """Add a broken copy in front."""
        place = self.random.choice((_COINBASE1, _COINBASE2))
        return (self.replaced(line, place, ("abc", "zz", None, 7, [], "00" * 100_001)), line.raw)


class BadFields(JobScenario):
    """Everything else that a job can have wrong."""

    TEXT = "precedes each job with one of impossible hash, version, nBits, time or shape"

    def jobs(self, line: Said, params: list[Json]) -> Iterable[bytes]:
        """Add a broken copy in front."""
        bad: dict[int, tuple[Json, ...]] = {
            _JOB_ID: (None, [], "", "x" * 2000, "\x1b[2J", {}),
            _PREVIOUS: ("00" * 31, "00" * 33, None, "zz" * 32, 0),
            _VERSION: ("zz", -1, "1" * 9, None, 1e300),
            _NBITS: ("00000000", "1d80ffff", "ff7fffff", "rubbish", None),
            _NTIME: ("rubbish", "1" * 9, -5, None, [], 1 << 40),
        }
        place = self.random.choice((*bad, None))
        if place is None:
            named: dict[str, Json] = {str(number): value for number, value in enumerate(params)}
            return (line.changed(params=named), line.raw)
        return (self.replaced(line, place, bad[place]), line.raw)


class StuckTip(JobScenario):
    """Its node has lost the network: the whole work is for nothing."""

    TEXT = "sends fresh jobs on one block for ever, and accepts shares of them"

    def said(self, line: Said, wire: Wire) -> Iterable[bytes]:
        """Say yes to every share."""
        if line.answers == "mining.submit":
            return (line.changed(result=True, error=None),)
        return super().said(line, wire)

    def jobs(self, line: Said, params: list[Json]) -> Iterable[bytes]:
        """Put a job on the first block of all, and say that nothing is new."""
        self._tip = self._tip or params[_PREVIOUS]
        params[_PREVIOUS], params[_CLEAN] = self._tip, False
        return (line.changed(params=params),)

    _tip: Json = None


class PaysOthers(JobScenario):
    """A miner at a pool is paid by its word; who mines alone can look."""

    TEXT = "sends jobs whose coinbase pays somebody else, and accepts shares of them"

    def said(self, line: Said, wire: Wire) -> Iterable[bytes]:
        """Say yes to every share."""
        if line.answers == "mining.submit":
            return (line.changed(result=True, error=None),)
        return super().said(line, wire)

    def jobs(self, line: Said, params: list[Json]) -> Iterable[bytes]:
        """Replace the coinbase's outputs by one, to a key hash of the thief's."""
        end = bytes.fromhex(str(params[_COINBASE2]))
        front, _, _ = end.partition(_SEQUENCE)
        value, script = (5_000_000_000).to_bytes(8, "little"), b"\0\x14" + self.random.randbytes(20)
        output = b"\x01" + value + bytes([len(script)]) + script
        params[_COINBASE2] = (front + _SEQUENCE + output + end[-4:]).hex()
        return (line.changed(params=params),)


class OddJobs(JobScenario):
    """Unusual, but it can be meant."""

    TEXT = "writes jobs oddly: more or fewer parameters, numbers for hex, 1 for true"

    def jobs(self, line: Said, params: list[Json]) -> Iterable[bytes]:
        """Retype a job."""
        front, numbers = params[:_VERSION], params[_VERSION:_CLEAN]
        odd = self.random.choice((
            [*params, "more", None, {}],
            params[:_CLEAN],
            [*front, *(int(text, 16) for text in numbers), 1],
            [*front, *("0X" + text.upper() for text in numbers), "true"],
        ))  # fmt: skip
        return (line.changed(params=odd, jsonrpc="2.0", id="odd"),)


class InsaneTime(JobScenario):
    """The pool's clock is anybody's guess."""

    TEXT = "gives jobs the time 0, the year 2106, and times that jump back"

    def jobs(self, line: Said, params: list[Json]) -> Iterable[bytes]:
        """Replace the time of some."""
        if self.random.random() < 0.3:
            return (line.raw,)
        jump = max(int(params[_NTIME], 16) - self.random.randrange(86_400), 0)
        return (self.replaced(line, _NTIME, ("00000000", "ffffffff", f"{jump:08x}")),)


class UnknownJobs(JobScenario):
    """Ids that the pool itself does not know."""

    TEXT = "hands out job ids that it does not know when a share comes"

    def jobs(self, line: Said, params: list[Json]) -> Iterable[bytes]:
        """Rename some jobs."""
        if self.random.random() < 0.5:
            return (line.raw,)
        return (self.replaced(line, _JOB_ID, ("no such job", "feedfeed", 10**9, " 7 ")),)


class SameId(JobScenario):
    """ckproxy's ids restart at zero; these never leave it."""

    TEXT = "gives every job the same id"

    def jobs(self, line: Said, params: list[Json]) -> Iterable[bytes]:
        """Rename a job."""
        return (self.replaced(line, _JOB_ID, ("0000000000000000",)),)


class CleanFlapping(JobScenario):
    """clean_jobs without a new block."""

    TEXT = "sends each job three times, clean and not clean in turn"

    def jobs(self, line: Said, params: list[Json]) -> Iterable[bytes]:
        """Repeat a job under both flags."""
        return tuple(
            line.changed(params=[*params[:_CLEAN], clean]) for clean in (True, False, True)
        )


class LyingClean(JobScenario):
    """A new block that is said to be none."""

    TEXT = "never says that a job is clean, whatever the block"

    def jobs(self, line: Said, params: list[Json]) -> Iterable[bytes]:
        """Say that it is not."""
        return (line.changed(params=[*params[:_CLEAN], False]),)


class StaleJobs(JobScenario):
    """Two nodes behind a pool, one of them late."""

    TEXT = "sends jobs of earlier blocks again behind new ones"

    def __init__(self, random: Random) -> None:
        super().__init__(random)
        self._old: deque[bytes] = deque(maxlen=20)

    def jobs(self, line: Said, params: list[Json]) -> Iterable[bytes]:
        """Add an old job, and then the new one again."""
        self._old.append(line.raw)
        old = self.random.choice(self._old)
        return (line.raw,) if old == line.raw else (line.raw, old, line.raw)


class NotifyFlood(JobScenario):
    """A testnet block storm."""

    TEXT = "sends hundreds of jobs a second"

    def __init__(self, random: Random) -> None:
        super().__init__(random)
        self._latest: Said | None = None
        self._count = 0

    def jobs(self, line: Said, params: list[Json]) -> Iterable[bytes]:
        """Remember the latest."""
        self._latest = line
        return (line.raw,)

    def tick(self, now: float, wire: Wire) -> None:
        """Send a hundred new ones, and then the one whose shares count."""
        if self._latest is None:
            return
        for _ in range(100):
            self._count += 1
            params = self._latest.params
            params[_JOB_ID] = f"flood {self._count}"
            params[_CLEAN] = self.random.random() < 0.2
            wire.inject(self._latest.changed(params=params))
        wire.inject(self._latest.raw)


def _is_sound(params: list[Json]) -> bool:
    try:
        Notify.from_params(params)
    except FieldError:
        return False
    return len(params) == 9 and all(isinstance(text, str) for text in params[_VERSION:_CLEAN])
