"""What each chip of a board has sent."""

from collections import Counter, defaultdict

from stampmill.core.backends.asic.backend.judge import Worth
from stampmill.core.backends.asic.backend.rates import Weights, measured_rate
from stampmill.core.board_report import ChipReport, MeasuredRate

_BAD = tuple(worth for worth in Worth if worth is not Worth.GOOD)


class Tally:
    """Counters of every chip; None stands for replies that name none."""

    def __init__(self) -> None:
        self._chips: dict[int | None, Counter[Worth]] = {}
        self._hashes: Counter[int | None] = Counter()
        self._weights: defaultdict[int | None, Weights] = defaultdict(Weights)
        self._all = Weights()

    def count(self, chip: int | None, worth: Worth, hashes: int) -> None:
        """Count a reply; a good one stands for so many hashes."""
        self._chips.setdefault(chip, Counter())[worth] += 1
        if worth in {Worth.GOOD, Worth.STALE}:
            self._hashes[chip] += hashes
            self._weights[chip].add(hashes)
            self._all.add(hashes)

    @property
    def hashes(self) -> int:
        """How many hashes the good nonces of all chips stand for."""
        return self._hashes.total()

    def total(self, worth: Worth) -> int:
        """How many replies of all chips were this."""
        return sum(counts[worth] for counts in self._chips.values())

    def measured(self, seconds: float, next_hashes: float = 0.0) -> MeasuredRate:
        """Return the rate of all chips together, when the next nonce stands for so many hashes."""
        return measured_rate(self._all, seconds, next_hashes)

    def reports(
        self, chips: int, hashrate: float, seconds: float, next_hashes: float = 0.0
    ) -> tuple[ChipReport, ...]:
        """Return a report of every chip, and one more of replies that named none, if there are."""
        rows: list[int | None] = list(range(chips))
        if None in self._chips:
            rows.append(None)
        return tuple(
            ChipReport(
                index=row,
                expected=0.0 if row is None else hashrate / chips,
                measured=measured_rate(self._weights[row], seconds, next_hashes),
                nonces=self._nonces(row),
                counts=self._bad(row),
            )
            for row in rows
        )

    def _nonces(self, chip: int | None) -> int:
        counts = self._chips.get(chip, Counter())
        return counts[Worth.GOOD] + counts[Worth.STALE]

    def _bad(self, chip: int | None) -> tuple[tuple[str, int], ...]:
        counts = self._chips.get(chip, Counter())
        return tuple((worth.value, counts[worth]) for worth in _BAD)
