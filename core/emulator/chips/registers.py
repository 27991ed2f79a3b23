"""An emulated chip's register file: what it holds after a reset, what a value means.

Reset values: bm13xx.md section 5 of the project's notes on the protocol, from `skot/BM1397:
registers.md`, `GPTechinno/bm13xx-rs` and mujina's live reads.
"""

from dataclasses import dataclass

from stampmill.core.backends.asic.chip import registers as r
from stampmill.core.backends.asic.chip.pll import CRYSTAL_MHZ, pll_of_word
from stampmill.core.backends.asic.chip.table import Chip

RESET_BAUD = CRYSTAL_MHZ * 1e6 / 216
"""115,740 (measured, mujina)."""

HASH_COUNTERS = range(0x88, 0x8C)
HASH_COUNTER = 0x8C
ERROR_COUNTER = 0x4C
TEMPERATURE_CONTROL, TEMPERATURE = 0xB0, 0xB4
_READ_TEMPERATURE = 0x10020000
_VALID = 1 << 31

_IDENTITY = {0x1362: 0x13620300, 0x1397: 0x13971800}
"""Chips whose third byte of register 0 is not zero."""
_RESET = {
    r.PLL: 0xC0540165,
    r.MISC_CONTROL: 0x0000C100,
    r.UART_BAUD: 0x01301A00,
    r.UART_RELAY: 0x000F0000,
    r.DRIVE_STRENGTH: 0x00012111,
    r.VERSION_ROLLING: 0x0000FFFF,
    r.SOFT_RESET: 0x00070000,
}
_RESET_BY_CHIP = {
    0x1362: {r.SOFT_RESET: 0},
    0x1397: {
        r.PLL: 0xC0600161, r.MISC_CONTROL: 0x00003A01, r.UART_BAUD: 0x0600000F,
        r.CORE_MAILBOX: 0x00004000, r.DRIVE_STRENGTH: 0x02112111, r.PADS: 0xC0700111,
        r.SOFT_RESET: 0,
    },
}  # fmt: skip


@dataclass(slots=True)
class RegisterFile:
    """The registers of one chip; `written` holds those that were written since the reset."""

    chip: Chip
    written: dict[int, int]
    address: int = 0

    def read(self, register: int) -> int:
        """Return what a read command gets."""
        if register == r.CHIP_ID:
            return _IDENTITY.get(self.chip.id, self.chip.id << 16) | self.address
        value = self.value(register)
        return value | _VALID if register == r.PLL else value  # bit 31 appears on readback

    def value(self, register: int) -> int:
        """Return what a register holds."""
        if register in self.written:
            return self.written[register]
        return _RESET_BY_CHIP.get(self.chip.id, {}).get(register, _RESET.get(register, 0))

    @property
    def mhz(self) -> float:
        """The hash clock; a word with a divider of zero stops it."""
        pll = pll_of_word(self.value(r.PLL), self.chip.pll)
        return 0.0 if pll is None else pll.mhz

    @property
    def long_replies(self) -> bool:
        """Whether replies have 11 bytes: bit 31 of register 0xA4."""
        return self.chip.rolls_versions and bool(self.value(r.VERSION_ROLLING) >> 31)

    @property
    def version_mask(self) -> int:
        """The version counters' mask, 0 while versions are not rolled."""
        return self.value(r.VERSION_ROLLING) & 0xFFFF if self.long_replies else 0

    @property
    def baud(self) -> float:
        """The line's rate."""
        return _baud(self.value(self.chip.baud_register))

    @property
    def measures_temperature(self) -> bool:
        """Whether register 0xB0 was told to (BM1368)."""
        return self.value(TEMPERATURE_CONTROL) == _READ_TEMPERATURE


def _baud(value: int) -> float:
    """25 MHz / (8 * (divider + 1)), the divider in bits 12 to 8: right for every value seen."""
    return CRYSTAL_MHZ * 1e6 / (8 * ((value >> 8 & 0x1F) + 1))
