"""What a user may say about a board."""

from dataclasses import dataclass

from stampmill.core.backends.asic.board.base import BoardError
from stampmill.core.backends.asic.chip.chain import MAX_CHIPS
from stampmill.core.backends.asic.chip.table import CHIPS, Chip, by_id, by_name
from stampmill.core.backends.asic.link.serial_port import CHIP_BAUD
from stampmill.core.errors import UsageError


@dataclass(frozen=True, slots=True)
class BoardSettings:
    """Everything None: as the board is. `force` takes what answers for what was said.

    `mhz` is the chips' clock, `volts` their core voltage where the board lets us set it. `baud` is
    the rate of the data line once the chips are up. `domain` is how many chips share a voltage.
    """

    chip: str | None = None
    chips: int | None = None
    mhz: float | None = None
    volts: float | None = None
    baud: int | None = None
    domain: int = 0
    force: bool = False

    def __post_init__(self) -> None:
        if self.chip is not None and by_name(self.chip) is None:
            raise UsageError(f"no chip '{self.chip}'; known are {_names()}")
        if self.chips is not None and not 1 <= self.chips <= MAX_CHIPS:
            raise UsageError(f"asic-chips: {self.chips} is not between 1 and {MAX_CHIPS}")

    def chip_for(self, chip_id: int, where: str) -> Chip:
        """Return the row to use for chips that gave this id; raise what says why there is none."""
        named = by_name(self.chip) if self.chip is not None else None
        found = by_id(chip_id)
        if named is not None and named is not found and self.force:
            return named
        if found is None:
            raise BoardError(
                f"{where}: chip {chip_id:04x} is not known; known are {_names()}; "
                "--asic-chip NAME --force takes it for one"
            )
        if named is not None and named is not found:
            raise UsageError(
                f"{where} has {found.name}, not {named.name}: --force takes it for one"
            )
        return found

    def check_count(self, count: int, chip: str, where: str) -> None:
        """Raise BoardError if fewer or more chips answer than the user said there are."""
        if self.chips is not None and count != self.chips and not self.force:
            raise BoardError(
                f"{where}: {count} of {self.chips} {chip} chips answer: check the chain, or go on "
                "with these by --force"
            )

    def mhz_for(self, chip: Chip, limit: float | None = None) -> float:
        """Return the clock to use; raise UsageError beyond the limit of board or chip."""
        mhz = chip.default_mhz if self.mhz is None else self.mhz
        highest = min(chip.max_mhz, limit or chip.max_mhz)
        if not chip.reset_mhz <= mhz <= highest:
            raise UsageError(
                f"asic-frequency: {mhz:g} MHz is outside the {chip.reset_mhz:g} to {highest:g} MHz "
                f"of {chip.name} on this board"
            )
        return mhz

    def baud_for(self, chip: Chip) -> tuple[int, int] | None:
        """Return the line rate to go over to, with the register's value; None: stay."""
        if self.baud in {None, CHIP_BAUD}:
            return None
        for rate, value in chip.fast_bauds:
            if rate == self.baud:
                return rate, value
        known = ", ".join(str(rate) for rate, _ in chip.fast_bauds)
        raise UsageError(f"asic-baud: {chip.name} knows {CHIP_BAUD}, {known}, not {self.baud}")


def _names() -> str:
    return ", ".join(chip.name.lower() for chip in CHIPS)
